const fs = require("fs");
const [x, y, r] = fs.readFileSync(0, "utf8").split(/\s+/).map(Number);
const half = r * Math.SQRT1_2;
console.log((x + half).toFixed(10) + " " + (y - half).toFixed(10));
