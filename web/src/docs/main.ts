// The API's reference, `/docs`: Swagger UI on `/openapi.json`, all from our own origin.
//
// The policy of the page allows no style element and no script in the document.
// Swagger UI needs neither: its styles are a file. It does make markup of strings of its
// own, the Markdown of the document; the Trusted Types policy "default", which
// the browser asks for such strings, passes them through DOMPurify.

import DOMPurify from "dompurify";
import SwaggerUI, { type SentRequest, type System } from "swagger-ui-dist/swagger-ui-es-bundle.js";
import { isDark, onTurn } from "../base/theme.ts";

interface PolicyFactory {
  createPolicy(name: string, rules: Record<string, (text: string) => string>): object;
}

/** Firefox has none, and asks no policy. */
const { trustedTypes } = window as unknown as { trustedTypes?: PolicyFactory };

/** The policy named `dompurify` is taken by the DOMPurify in Swagger UI's bundle. */
const own = trustedTypes?.createPolicy("docs", { createHTML: (html) => html, createScriptURL: () => "" });

trustedTypes?.createPolicy("default", {
  createHTML: (html) => DOMPurify.sanitize(html, { TRUSTED_TYPES_POLICY: own as never }),
});

const turn = () => document.documentElement.classList.toggle("dark-mode", isDark());
turn();
onTurn(turn);

/** The name of an operation or tag, which its button holds: not a link inside a button. */
const plainNames = (system: System) => ({
  wrapComponents: { DeepLink: () => (props: { text: string }) => system.React.createElement("span", null, props.text) },
});

/** The headers in which a key is sent. */
const OF_KEYS = /^(authorization|x-api-key)$/i;

/**
 * The line for a shell, with the key's name in the place of the key. The double quotes are
 * those in which a shell looks the name up.
 */
const keyless = (system: System) => ({
  wrapComponents: {
    curl:
      () =>
      ({ request }: { request: SentRequest }) => {
        const hide = (value: string, name: string) =>
          OF_KEYS.test(name) ? value.replace(/^(Bearer )?.*$/s, "$1$$KEY") : value;
        const hidden = request.update("headers", (headers) => headers?.map(hide));
        const line = system.fn
          .requestSnippetGenerator_curl_bash(hidden)
          .replace(/'((?:authorization|x-api-key): (?:Bearer )?\$KEY)'/gi, '"$1"');
        const { createElement } = system.React;
        return createElement(
          "div",
          { className: "curl-command" },
          createElement("h4", null, "Curl"),
          createElement(
            "div",
            { className: "copy-to-clipboard" },
            createElement("button", {
              "aria-label": "Copy the curl line",
              type: "button",
              onClick: () => void navigator.clipboard.writeText(line),
            }),
          ),
          createElement("pre", { className: "curl microlight" }, line),
        );
      },
  },
});

SwaggerUI({
  url: "/openapi.json",
  domNode: document.getElementById("reference"),
  plugins: [plainNames, keyless],
  // The one control without a name.
  onComplete: () => document.getElementById("servers")?.setAttribute("aria-label", "Server"),
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  // A key is gone with the tab.
  persistAuthorization: false,
  // Would send the document to another host.
  validatorUrl: null,
});
