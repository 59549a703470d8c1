// A problem's statement: Markdown with maths, sanitised.

/** The statement as an element; maths is rendered as soon as its library is there. */
export declare function statement(markdown: string): HTMLElement;
