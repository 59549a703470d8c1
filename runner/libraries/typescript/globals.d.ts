// What programs have without an import, and the modules of Node and of the libraries, as
// far as it takes for the type checker to say nothing wrong about code that uses them.
// The types of Node itself would be ten times as much to read for every program.

interface EdgejudgeRequire {
  (name: '@datastructures-js/priority-queue'): typeof import('@datastructures-js/priority-queue');
  (name: '@datastructures-js/queue'): typeof import('@datastructures-js/queue');
  (name: '@datastructures-js/deque'): typeof import('@datastructures-js/deque');
  (name: '@datastructures-js/heap'): typeof import('@datastructures-js/heap');
  (name: string): any;
  [member: string]: any;
}
declare var require: EdgejudgeRequire;
declare var module: any, exports: any, __filename: string, __dirname: string;
declare var console: any, process: any, global: any;

declare function setTimeout(handler: (...values: any[]) => unknown, ms?: number, ...values: any[]): any;
declare function setInterval(handler: (...values: any[]) => unknown, ms?: number, ...values: any[]): any;
declare function setImmediate(handler: (...values: any[]) => unknown, ...values: any[]): any;
declare function clearTimeout(timer: any): void;
declare function clearInterval(timer: any): void;
declare function clearImmediate(timer: any): void;
declare function queueMicrotask(task: () => void): void;
declare function structuredClone<T>(value: T, options?: any): T;
declare function atob(text: string): string;
declare function btoa(text: string): string;
declare function fetch(input: any, options?: any): Promise<any>;

declare namespace NodeJS {
  type Timeout = any;
  type Timer = any;
  type Immediate = any;
  type ProcessEnv = any;
  type ReadableStream = any;
  type WritableStream = any;
  type ErrnoException = any;
  type Global = any;
}
declare var Buffer: any; type Buffer = any;
declare var URL: any; type URL = any;
declare var URLSearchParams: any; type URLSearchParams = any;
declare var TextEncoder: any; type TextEncoder = any;
declare var TextDecoder: any; type TextDecoder = any;
declare var AbortController: any; type AbortController = any;
declare var AbortSignal: any; type AbortSignal = any;
declare var Event: any; type Event = any;
declare var EventTarget: any; type EventTarget = any;
declare var MessageChannel: any; type MessageChannel = any;
declare var MessagePort: any; type MessagePort = any;
declare var Blob: any; type Blob = any;
declare var Headers: any; type Headers = any;
declare var Request: any; type Request = any;
declare var Response: any; type Response = any;
declare var WebAssembly: any;
declare var performance: any, crypto: any, navigator: any;

// Any module that is not a file of the program.
declare module '*';

// The libraries of practice sites. A comparator or a `{ compare }` may order a queue, and
// what it gives out is the value, or in older releases `{ priority, element }`.
declare class EdgejudgeQueue<T> {
  constructor(...options: any[]);
  static from<T>(values: T[], ...options: any[]): any;
  static fromArray<T>(values: T[], ...options: any[]): any;
  enqueue(value: T, priority?: number): this;
  push(value: T, priority?: number): this;
  dequeue(): any;
  pop(): any;
  front(): any;
  back(): any;
  isEmpty(): boolean;
  size(): number;
  clear(): void;
  clone(): this;
  toArray(): any[];
  remove(test: (value: T) => boolean): any[];
  contains(test: (value: T) => boolean): boolean;
  [Symbol.iterator](): Iterator<any>;
  [member: string]: any;
}
declare class PriorityQueue<T = any> extends EdgejudgeQueue<T> {}
declare class MinPriorityQueue<T = any> extends EdgejudgeQueue<T> {}
declare class MaxPriorityQueue<T = any> extends EdgejudgeQueue<T> {}
declare class Queue<T = any> extends EdgejudgeQueue<T> {}
declare class Deque<T = any> extends EdgejudgeQueue<T> {}
declare var _: any;

declare module '@datastructures-js/priority-queue' {
  export class PriorityQueue<T = any> extends EdgejudgeQueue<T> {}
  export class MinPriorityQueue<T = any> extends EdgejudgeQueue<T> {}
  export class MaxPriorityQueue<T = any> extends EdgejudgeQueue<T> {}
  export type ICompare<T> = (a: T, b: T) => number;
  export type IGetCompareValue<T> = (value: T) => number | string;
}
declare module '@datastructures-js/queue' {
  export class Queue<T = any> extends EdgejudgeQueue<T> {}
}
declare module '@datastructures-js/deque' {
  export class Deque<T = any> extends EdgejudgeQueue<T> {}
}
declare module '@datastructures-js/heap' {
  export class Heap<T = any> extends EdgejudgeQueue<T> {}
  export class MinHeap<T = any> extends EdgejudgeQueue<T> {}
  export class MaxHeap<T = any> extends EdgejudgeQueue<T> {}
}
