// The function harness for JavaScript (Node 12 and later), and what of
// TypeScript's needs no types. Part 1: values.
//
// It reads the nonce and the cases, has the user's code loaded, calls the
// function for every case (or the class's constructor and methods, as the case says)
// and writes one frame a case:
//
//   \x1e<nonce> <index> <mark><json>\n
//
// `=` the value (where the signature says float, also NaN, Infinity and -Infinity,
// which JSON has not), `?` it is no JSON (a JSON string says why), `!` it was thrown
// (an object: kind, text). Index `load`: the code did not come to any case. `>` the
// number of a class's call that begins, where there is only one case; where a call
// fails, its number is in the frame.
//
// build.rs leaves the comments out. Types are in prefix notation: i f s b n a, and l m k c t for list,
// map, linked list, linked nodes and tree of what follows. The function's answer is
// what is returned, where `returned` says so, and the arguments at `positions` after the
// call: an array, if these are several values. The methods of a class are [name, types of
// parameters, type of result] each.
//
// After the user's code was loaded nothing here goes through a prototype or an
// iterator, which are the user's to change.

((name, params, returns, returned, positions, methods, code, require, importCode, columns) => {
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

  // The arguments of a call, and what the answer is read from: of linked nodes the
  // head, which may not be what is passed.
  function arguments_(values, kinds) {
    const made = { passed: [], roots: [] };
    const rows = [];
    for (let at = 0; at < kinds.length; at++) {
      rows[at] = [];
      if (kinds[at][0] === 'c') {
        // What an earlier call returned may be an array.
        const value = isArray(values[at]) ? { values: values[at], cycle: -1, node: 0 } : values[at];
        link(value, slice(kinds[at], 1), rows[at], value.joins && value.joins.length ? rows[value.joins[0]] : []);
        made.roots[at] = rows[at].length ? rows[at][0] : null;
        made.passed[at] = rows[at].length ? rows[at][value.node || 0] : null;
      } else {
        made.passed[at] = made.roots[at] = build(values[at], kinds[at]);
      }
    }
    return made;
  }
  // Fills `row` with a list's nodes; `other`: those of which it takes the end.
  function link(value, of, row, other) {
    const own = value.values.length;
    for (let at = 0; at < own; at++) row[at] = node('ListNode', { val: build(value.values[at], of), next: null });
    for (let at = other.length ? value.joins[1] : 0; at < other.length; at++) row[row.length] = other[at];
    for (let at = 0; at < own; at++) {
      if (at + 1 < row.length) row[at].next = row[at + 1];
      else if (value.cycle >= 0) row[at].next = row[value.cycle];
    }
  }
  // An answer's text as `build` takes it.
  function tagged(text) {
    return replace(text, /"(?:[^"\\]|\\.)*"(:?)|NaN|-?(?:Infinity|\d+(\.\d+)?(e[-+]?\d+)?)/g, (all, colon, fraction, exponent) => {
      if (all[0] === '"') return colon && all[1] === '$' ? `"$${slice(all, 1)}` : all;
      const number = Number(all);
      const fits = fraction || exponent || (number <= 2 ** 53 - 1 && number >= 1 - 2 ** 53);
      return fits ? all : `{"$int":"${all}"}`;
    });
  }

  // From a result to JSON; what is no JSON is thrown as an Odd. `trail`: what
  // `value` is within.
  function Odd(why) {
    this.why = why;
  }
  function show(value, kind, trail) {
    if (kind[0] === 'k' || kind[0] === 'c' || kind[0] === 't') return nodes(value, kind);
    if ((value === null || value === undefined) && !trail && kind !== 'n' && kind !== 'a') {
      throw new Odd(`nothing: the ${methods ? 'method' : 'function'} returned no value, and printing one does not return it`);
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
    if (value - value !== 0) {
      if (kind === 'f') return `${value}`;
      throw new Odd(`${value}`);
    }
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
      if (has(seen, node)) {
        let first = 0;
        while (row[first] !== node) first++;
        if (kind[0] === 'c') return `{"values":[${slice(text, 1)}],"cycle":${first}}`;
        throw new Odd('a cycle');
      }
      add(seen, node);
      if (node.val === null) throw new Odd('a node without a value');
      text += `${absent},${show(node.val, slice(kind, 1), null)}`;
      absent = '';
      if (kind[0] !== 't') {
        row[row.length] = node.next;
      } else {
        row[row.length] = node.left;
        row[row.length] = node.right;
      }
    }
    return `[${slice(text, 1)}]`;
  }
