// Compiles JavaScript files without running them, as scripts and then as modules, and
// prints the mistake of the first one that is neither. It is the `check` command of
// JavaScript; `node --check` says nothing about modules.
'use strict';
const fs = require('fs');
const vm = require('vm');

const attempt = (compile) => {
  try {
    compile();
    return null;
  } catch (error) {
    return error;
  }
};

const parameters = ['exports', 'require', 'module', '__filename', '__dirname'];
for (const name of process.argv.slice(2)) {
  const code = fs.readFileSync(name, 'utf8').replace(/^#!/, '//');
  const asScript = attempt(() => vm.compileFunction(code, parameters, { filename: name }));
  const asModule =
    asScript && attempt(() => new vm.SourceTextModule(code, { identifier: name }));
  if (asModule) {
    const isModule = /\b(import|export|await)\b/.test(asScript.message);
    if (isModule) {
      // Only Node itself can show the line, of an error that nothing catches.
      asModule.stack = String(asModule);
      throw asModule;
    }
    console.error(asScript.stack.replace(/^ +at [^]*/m, '').trimEnd());
    process.exit(1);
  }
}
