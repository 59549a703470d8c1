// The API's reference, `/docs`: Swagger UI on `/openapi.json`, all from our own origin.
//
// The policy of the page allows no style element and no script in the document.
// Swagger UI needs neither: its styles are a file. It does make markup of strings of its
// own, the Markdown of the document; the Trusted Types policy "default", which
// the browser asks for such strings, passes them through DOMPurify.

import DOMPurify from "dompurify";
import SwaggerUI, { type System } from "swagger-ui-dist/swagger-ui-es-bundle.js";
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

SwaggerUI({
  url: "/openapi.json",
  domNode: document.getElementById("reference"),
  plugins: [plainNames],
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
