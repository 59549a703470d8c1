// The function harness for JavaScript (Node 12 and later), and the part of
// TypeScript's that needs no types.
//
// It reads the nonce and the cases, has the user's code loaded, calls the
// function for every case and writes one frame a case:
//
//   \x1e<nonce> <index> <mark><json>\n
//
// `=` the value, `?` it is no JSON (a JSON string says why), `!` it was thrown
// (an object: kind, text). Index `load`: the code did not come to any case.
//
// build.rs leaves the comments out; __NAME__ and so on are filled in by
// source.rs. Types are in prefix notation: i f s b n a, and l m k t for list,
// map, linked list and tree of what follows.
//
// After the user's code was loaded nothing here goes through a prototype or an
// iterator, which are the user's to change.

((name, params, returns, code, require, importCode, columns) => {
  const { process, BigInt, Number, Promise, RangeError, ReferenceError, Set, SyntaxError } = globalThis;
  const load = process.getBuiltinModule || process.mainModule.require.bind(process.mainModule);
  const fs = load('fs');
  const { isMap, isPromise } = load('util').types;
  const free = (method) => Function.prototype.call.bind(method);
  const { writeSync } = fs;
  const { parse, stringify } = JSON;
  const { isArray } = Array;
  const { isView } = ArrayBuffer;
  const { captureStackTrace } = Error;
  const { keys, getPrototypeOf, defineProperty } = Object;
  const { apply, construct } = Reflect;
  const plain = Object.prototype;
  const surrogate = /\p{Surrogate}/u;
  const match = free(RegExp.prototype.exec);
  const replace = free(String.prototype.replace);
  const slice = free(String.prototype.slice);
  const visit = free(Map.prototype.forEach);
  const then = free(Promise.prototype.then);
  const has = free(Set.prototype.has);
  const add = free(Set.prototype.add);
  const bytes = Buffer.from;
  const wait = Atomics.wait;
  const clock = new Int32Array(new SharedArrayBuffer(4));
  const leave = process.reallyExit.bind(process);
  const before = globalThis[name];
  const need = require || load('module').createRequire(process.argv[1] || '/main.js');

  const lines = fs.readFileSync(0, 'utf8').split('\n').filter((line) => line);
  const nonce = lines[0];
  const cases = lines.slice(1).map((line) => {
    const space = line.indexOf(' ');
    return { index: line.slice(0, space), json: line.slice(space + 1) };
  });
  // Standard input is at its end for good, and what the user prints goes to
  // standard error. Node cannot duplicate a descriptor; where /proc is there,
  // opening it comes to the same.
  let out = 1;
  try {
    fs.closeSync(0);
    fs.openSync('/dev/null', 'r');
    out = fs.openSync('/proc/self/fd/1', 'a');
    const errors = fs.openSync('/proc/self/fd/2', 'a');
    fs.closeSync(1);
    fs.openSync('/proc/self/fd/2', 'a');
    fs.closeSync(errors);
  } catch (_) {}
  defineProperty(process, 'stdout', { configurable: true, enumerable: true, get: () => process.stderr });

  function frame(index, text) {
    const data = bytes(`\x1e${nonce} ${index} ${text}\n`);
    for (let at = 0; at < data.length;) {
      try {
        at += writeSync(out, data, at);
      } catch (error) {
        if (error.code !== 'EAGAIN') throw error;
        wait(clock, 0, 0, 1);
      }
    }
  }

  // A function of the user's code by its name, and what its module exports.
  let find;
  let exported = {};
  function named(name) {
    try {
      return find(name);
    } catch (_) {}
  }
  function node(kind, fields) {
    const Known = named(kind);
    const made = Known ? new Known() : {};
    for (const field in fields) made[field] = fields[field];
    return made;
  }
  globalThis.ListNode = function ListNode(val, next) {
    this.val = val === undefined ? 0 : val;
    this.next = next === undefined ? null : next;
  };
  globalThis.TreeNode = function TreeNode(val, left, right) {
    this.val = val === undefined ? 0 : val;
    this.left = left === undefined ? null : left;
    this.right = right === undefined ? null : right;
  };

  // Practice sites give these without a `require`. They are loaded when they are
  // used, and give way to definitions of the user's.
  const packages = {
    _: 'lodash',
    Deque: '@datastructures-js/deque',
    MaxPriorityQueue: '@datastructures-js/priority-queue',
    MinPriorityQueue: '@datastructures-js/priority-queue',
    PriorityQueue: '@datastructures-js/priority-queue',
    Queue: '@datastructures-js/queue',
  };
  for (const given of keys(packages)) {
    if (given === name || given in globalThis) continue;
    const set = (value) => defineProperty(globalThis, given, { __proto__: null, value, writable: true, configurable: true });
    const get = () => {
      let found;
      try {
        found = need(packages[given]);
      } catch (_) {
        const error = new ReferenceError(`${given} is not defined (this endpoint lacks the package ${packages[given]})`);
        captureStackTrace(error, get);
        throw error;
      }
      if (given !== '_') found = found[given];
      set(found);
      return found;
    };
    defineProperty(globalThis, given, { configurable: true, get, set });
  }

  // From JSON to an argument. A whole number that a double cannot hold comes as
  // {"$int":"…"}; a key that begins with $ has one more in front.
  function build(value, kind) {
    const of = kind[0] === 'a' ? 'a' : slice(kind, 1);
    if (value === null || typeof value !== 'object') return value;
    if (!isArray(value)) {
      const all = keys(value);
      if (all[0] === '$int') return kind === 'f' ? Number(value.$int) : BigInt(value.$int);
      const made = {};
      for (let at = 0; at < all.length; at++) {
        const key = all[at][0] === '$' ? slice(all[at], 1) : all[at];
        const item = build(value[all[at]], of);
        defineProperty(made, key, { __proto__: null, value: item, writable: true, enumerable: true, configurable: true });
      }
      return made;
    }
    if (kind[0] === 'k') {
      let next = null;
      for (let at = value.length; at-- > 0;) next = node('ListNode', { val: build(value[at], of), next });
      return next;
    }
    const tree = kind[0] === 't';
    for (let at = 0; at < value.length; at++) {
      if (!tree) value[at] = build(value[at], of);
      else if (value[at] !== null) value[at] = node('TreeNode', { val: build(value[at], of), left: null, right: null });
    }
    if (!tree) return value;
    for (let at = 0, child = 1; at < value.length; at++) {
      if (value[at] === null) continue;
      if (child < value.length) value[at].left = value[child++];
      if (child < value.length) value[at].right = value[child++];
    }
    return value.length ? value[0] : null;
  }

  // From a result to JSON; what is no JSON is thrown as an Odd. `trail`: what
  // `value` is within.
  function Odd(why) {
    this.why = why;
  }
  function show(value, kind, trail) {
    if (kind[0] === 'k' || kind[0] === 't') return nodes(value, kind);
    if ((value === null || value === undefined) && !trail && kind !== 'n' && kind !== 'a') {
      throw new Odd('nothing: the function returned no value, and printing one does not return it');
    }
    if (value === null || value === true || value === false) return `${value}`;
    if (typeof value === 'string') return string(value);
    if (typeof value === 'number') return number(value, kind);
    if (typeof value === 'bigint') return whole(value);
    if (typeof value !== 'object') throw new Odd(typeof value);
    for (let at = trail; at; at = at.up) if (at.value === value) throw new Odd('a cycle');
    const inner = { value, up: trail, depth: trail ? trail.depth + 1 : 1 };
    const list = isArray(value) || (isView(value) && value.length !== undefined);
    const parent = list || getPrototypeOf(value);
    if (!list && !isMap(value) && parent !== plain && parent !== null) throw new Odd(`a value of type ${className(value)}`);
    if (inner.depth > 64) throw new Odd('nested deeper than 64');
    const of = kind[0] === 'l' || kind[0] === 'm' ? slice(kind, 1) : 'a';
    let text = '';
    const item = (item, key) => {
      if (text) text += ',';
      if (!list) text += `${string(key)}:`;
      text += show(item, of, inner);
    };
    if (list) {
      for (let at = 0; at < value.length; at++) item(value[at]);
      return `[${text}]`;
    }
    if (isMap(value)) {
      visit(value, item);
    } else {
      const all = keys(value);
      for (let at = 0; at < all.length; at++) item(value[all[at]], all[at]);
    }
    return `{${text}}`;
  }
  function className(value) {
    const { constructor } = value;
    return typeof constructor === 'function' && typeof constructor.name === 'string' ? constructor.name : 'object';
  }
  function string(value) {
    if (typeof value !== 'string') throw new Odd(`a key of type ${typeof value}`);
    if (match(surrogate, value)) throw new Odd('a lone surrogate');
    return stringify(value);
  }
  function whole(value) {
    if (value < -(1n << 63n) || value >= 1n << 63n) throw new Odd('a whole number beyond 64 bits');
    return `${value}`;
  }
  // JavaScript does not tell 1 from 1.0; the signature does.
  function number(value, kind) {
    if (value - value !== 0) throw new Odd(`${value}`);
    const text = value === 0 && 1 / value < 0 ? '-0' : `${value}`;
    const fits = value >= -(2 ** 63) && value < 2 ** 63;
    if (value % 1 !== 0) return text;
    if (kind === 'i' || (kind !== 'f' && fits && text !== '-0')) return whole(BigInt(value));
    return match(/e/, text) ? text : `${text}.0`;
  }
  // Linked nodes to a JSON array. A tree is read in level order.
  function nodes(value, kind) {
    const row = [value];
    const seen = new Set();
    let text = '';
    let absent = '';
    for (let at = 0; at < row.length; at++) {
      const node = row[at];
      if (node === null || node === undefined) {
        absent += ',null';
        continue;
      }
      if (typeof node !== 'object' || !('val' in node)) throw new Odd('no node');
      if (has(seen, node)) throw new Odd('a cycle');
      add(seen, node);
      if (node.val === null) throw new Odd('a node without a value');
      text += `${absent},${show(node.val, slice(kind, 1), null)}`;
      absent = '';
      if (kind[0] === 'k') {
        row[row.length] = node.next;
      } else {
        row[row.length] = node.left;
        row[row.length] = node.right;
      }
    }
    return `[${slice(text, 1)}]`;
  }

  // What was thrown, in a frame's words, without the frames of the harness.
  function trouble(kind, error) {
    let text = '';
    try {
      text = error && typeof error.stack === 'string' ? error.stack : `Thrown: ${String(error)}`;
      if (error instanceof RangeError && match(/Array buffer allocation|Invalid string length/, text)) kind = 'memory';
      text = replace(text, /\n    at .*judge\.js[^]*|\n    at .*(node:|internal\/).*/g, '');
      text = replace(text, /(\n    at .*?)(file:\/\/)?\/\S*\//g, '$1');
      // TypeScript's first line begins with the harness.
      text = replace(text, /:1:(\d+)/g, (all, column) => (column > columns ? `:1:${column - columns}` : all));
      text = replace(text, /data:text\/javascript[^\s:]*/g, 'main.js');
    } catch (_) {
      text = text || 'Thrown';
    }
    if (text.length > 1900) text = `${slice(text, 0, 1300)}\n...\n${slice(text, -500)}`;
    return `!{"kind":"${kind}","text":${stringify(text)}}`;
  }
  let current = 'load';
  function fail(kind, error) {
    frame(current, trouble(kind, error));
    leave(1);
  }
  process.setUncaughtExceptionCaptureCallback((error) => fail('error', error));

  // What to call: `this` and the function. A class is made anew for every case.
  // Undefined: nothing was found.
  function target() {
    const own = named('module');
    const shared = (own && own.exports) || {};
    const found = named(name);
    if (typeof found === 'function' && found !== before) return () => ({ method: found });
    if (typeof shared[name] === 'function') return () => ({ self: shared, method: shared[name] });
    const Solution = named('Solution') || shared.Solution || exported.Solution || exported.default;
    if (Solution && Solution.prototype && typeof Solution.prototype[name] === 'function') {
      return () => {
        const made = construct(Solution, []);
        return { self: made, method: made[name] };
      };
    }
    if (typeof exported[name] === 'function') return () => ({ method: exported[name] });
    if (typeof exported.default === 'function') return () => ({ method: exported.default });
    if (typeof shared === 'function') return () => ({ method: shared });
    if (typeof shared.default === 'function') return () => ({ method: shared.default });
  }

  // Functions that are not asynchronous run without a pause between the cases.
  let stuck;
  const { setImmediate } = globalThis;
  process.on('beforeExit', () => stuck && setImmediate(stuck, { stack: 'The promise was never settled.' }));
  const settled = (value) => new Promise((done, failed) => {
    stuck = failed;
    if (isPromise(value)) then(value, done, failed);
    else value.then(done, failed);
  });
  async function run() {
    let choose = target();
    if (!choose && code === null) {
      // A module's export may have no name in it.
      exported = await new Promise((done) => then(importCode(load('url').pathToFileURL(process.argv[1]).href), done, () => done({})));
      choose = target();
    }
    if (!choose) fail('missing', { stack: `The function \`${name}\` was not found in your code.` });
    for (let at = 0; at < cases.length; at++) {
      current = cases[at].index;
      let text;
      try {
        const args = parse(cases[at].json);
        for (let at = 0; at < params.length; at++) args[at] = build(args[at], params[at]);
        const found = choose();
        let value = apply(found.method, found.self, args);
        if (typeof value === 'object' && value !== null && typeof value.then === 'function') value = await settled(value);
        const nothing = value === undefined && (returns === 'n' || returns === 'a');
        text = nothing ? '=null' : `=${show(value, returns, null)}`;
      } catch (error) {
        text = error instanceof Odd ? `?${stringify(error.why)}` : trouble('error', error);
      }
      frame(current, text);
    }
    leave(0);
  }

  // TypeScript is compiled with the rest of the file, which then asks for this.
  if (code === null) {
    return (search) => {
      find = search;
      run();
    };
  }
  const sourceUrl = '\n//# sourceURL=main.js';
  const module = { exports: {} };
  let program;
  try {
    const scope = ['exports', 'require', 'module', '__filename', '__dirname'];
    const { compileFunction, constants } = load('vm');
    const importModuleDynamically = constants && constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;
    const compile = (code) => compileFunction(code, scope, { filename: 'main.js', importModuleDynamically });
    // Once by itself, so that what the compiler says is about it alone.
    compile(code);
    program = compile(`${code}\n;return (judge_) => eval(judge_)`);
  } catch (error) {
    if (!match(/\b(import|export|await)\b/, code)) fail('syntax', error);
    runModule(error);
    return;
  }
  find = apply(program, module.exports, [module.exports, require, module, 'main.js', '.']);
  run();

  // Code that is no script may be a module. Then it has what a script has, too, and
  // finds packages as a script does.
  function runModule(scriptError) {
    const { registerHooks } = load('module');
    const { pathToFileURL } = load('url');
    if (registerHooks) {
      registerHooks({
        resolve(specifier, context, next) {
          try {
            return next(specifier, context);
          } catch (error) {
            try {
              return { url: pathToFileURL(need.resolve(specifier)).href, shortCircuit: true };
            } catch (_) {
              if (error.code !== 'ERR_UNSUPPORTED_RESOLVE_REQUEST') throw error;
              throw new Error(`Cannot find package '${specifier}'`);
            }
          }
        },
      });
    }
    globalThis.module = module;
    globalThis.exports = module.exports;
    globalThis.require = require;
    const ready = `judge_${nonce}`;
    defineProperty(globalThis, ready, { __proto__: null, value: (search) => void (find = search) });
    const text = `${code}\n;${ready}((judge_) => eval(judge_));${sourceUrl}`;
    const url = `data:text/javascript;base64,${bytes(text).toString('base64')}`;
    stuck = (error) => fail('error', error);
    then(importCode(url), (space) => {
      stuck = undefined;
      exported = space;
      run();
    }, (error) => {
      if (!(error instanceof SyntaxError) || match(/\n    at [^]*main\.js/, `${error.stack}`)) fail('error', error);
      // The scripts' parser says more where no module's syntax is to blame.
      const scripts = match(/\b(import|export|await)\b/, scriptError.message) ? errorInBody() : scriptError;
      fail('syntax', scripts || error);
    });
  }

  // A module's error with its line, from the parser of scripts.
  function errorInBody() {
    const blank = (text) => replace(text, /[^\n]/g, ' ');
    let body = replace(code, /^[ \t]*import\b[^;(]*?(['"])[^'"\n]*\1;?/gm, blank);
    body = replace(body, /^[ \t]*export[ \t]+(default\b|(?=[a-z]))/gm, blank);
    try {
      new (load('vm').Script)(`(async () => {\n${body}\n})`, { filename: 'main.js', lineOffset: -1 });
    } catch (error) {
      // Behind the last line stands no line of the user's.
      const line = match(/^main\.js:(\d+)/, `${error.stack}`);
      if (line && line[1] <= code.split('\n').length) return error;
    }
  }
})
