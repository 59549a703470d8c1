// What `main.ts` uses of Swagger UI, whose package has no types.

declare module "swagger-ui-dist/swagger-ui-es-bundle.js" {
  type Headers = { map(change: (value: string, name: string) => string): Headers } | undefined;

  /** An immutable map. */
  export interface SentRequest {
    update(member: "headers", change: (headers: Headers) => Headers): SentRequest;
  }

  /** What a plugin is given. */
  export interface System {
    React: { createElement(type: string, props: object | null, ...children: (string | object)[]): object };
    fn: { requestSnippetGenerator_curl_bash(request: SentRequest): string };
  }

  export default function SwaggerUI(options: {
    url: string;
    domNode: HTMLElement | null;
    plugins: ((system: System) => object)[];
    onComplete: () => void;
    deepLinking: boolean;
    docExpansion: "list" | "full" | "none";
    defaultModelsExpandDepth: number;
    persistAuthorization: boolean;
    validatorUrl: string | null;
  }): unknown;
}
