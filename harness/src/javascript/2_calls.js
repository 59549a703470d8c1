// Part 2: finds what to call and calls it. Inside the function that part 1 begins.

  // The class's call that is made, as the last member of a frame's object.
  let call = '';
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
    return `!{"kind":"${kind}","text":${stringify(text)}${call}}`;
  }
  let current = 'load';
  function fail(kind, error) {
    frame(current, trouble(kind, error));
    leave(1);
  }
  process.setUncaughtExceptionCaptureCallback((error) => fail('error', error));

  // What is missing is said before any case.
  function missing(what) {
    fail('missing', { stack: `The ${what} was not found in your code.` });
  }
  // The class.
  function findClass() {
    const own = named('module');
    const shared = (own && own.exports) || {};
    const found = named(name);
    const all = [found === before ? undefined : found, shared[name], exported[name], exported.default, shared, shared.default];
    for (let at = 0; at < all.length; at++) {
      const one = all[at];
      if (typeof one === 'function' && one.prototype) return one;
    }
  }
  // Whether the class has all methods, which its first object tells: a constructor may
  // make some.
  let known;
  function findMethods(object) {
    for (let at = 0; !known && at < methods.length; at++) {
      const method = methods[at][0];
      if (typeof object[method] === 'function') continue;
      current = 'load';
      call = '';
      missing(`method \`${method}\` of the class \`${name}\``);
    }
    known = true;
  }

  // What to call: `this` and the function. A class is made anew for every case.
  // Undefined: nothing was found.
  function target() {
    if (methods) return findClass();
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
  function isThenable(value) {
    return typeof value === 'object' && value !== null && typeof value.then === 'function';
  }
  // `ignored`: where nothing is to be returned, anything may be.
  function shown(value, kind, ignored) {
    const nothing = (ignored && kind === 'n') || (value === undefined && (kind === 'n' || kind === 'a'));
    return nothing ? 'null' : show(value, kind, null);
  }
  async function run() {
    let choose = target();
    if (!choose && code === null) {
      // A module's export may have no name in it.
      exported = await new Promise((done) => then(importCode(load('url').pathToFileURL(process.argv[1]).href), done, () => done({})));
      choose = target();
    }
    if (!choose) missing(`${methods ? 'class' : 'function'} \`${name}\``);
    // Without a case no object tells which methods are missing.
    if (methods && !cases.length) findMethods(choose.prototype);
    for (let at = 0; at < cases.length; at++) {
      current = cases[at].index;
      let text;
      try {
        const values = parse(cases[at].json);
        if (methods) {
          text = '';
          const objects = { __proto__: null };
          const texts = [];
          const told = cases.length === 1 && values.length <= 1000;
          for (let number = 0; number < values.length; number++) {
            call = `,"call":${number}`;
            if (told) frame(current, `>${number}`);
            const which = values[number][0];
            const index = values[number][1];
            const refs = values[number][2];
            const kinds = index < 0 ? params : methods[index][1];
            const items = [];
            for (let at = 0; at < kinds.length; at++) {
              items[at] = refs.length && refs[at] >= 0 ? parse(tagged(texts[refs[at]])) : values[number][at + 3];
            }
            const { passed } = arguments_(items, kinds);
            let answer = 'null';
            if (index < 0) {
              objects[which] = construct(choose, passed);
              findMethods(objects[which]);
            } else {
              const method = objects[which][methods[index][0]];
              if (typeof method !== 'function') throw { stack: `The object has no method \`${methods[index][0]}\`.` };
              let value = apply(method, objects[which], passed);
              if (isThenable(value)) value = await settled(value);
              answer = shown(value, methods[index][2], true);
            }
            texts[number] = answer;
            text += number ? `,${answer}` : answer;
          }
          text = `=[${text}]`;
        } else {
          const { passed, roots } = arguments_(values, params);
          const found = choose();
          let value = apply(found.method, found.self, passed);
          if (isThenable(value)) value = await settled(value);
          text = returned ? shown(value, returns) : '';
          for (let at = 0; at < positions.length; at++) {
            const after = show(roots[positions[at]], params[positions[at]], null);
            text += at || returned ? `,${after}` : after;
          }
          text = positions.length + returned > 1 ? `=[${text}]` : `=${text}`;
        }
      } catch (error) {
        text = error instanceof Odd ? `?${call ? `{"text":${stringify(error.why)}${call}}` : stringify(error.why)}` : trouble('error', error);
      }
      call = '';
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
