// What is deployed. worker-build makes `build/`.
import { handlers } from "../platform/entry.js";
import Entrypoint from "./build/index.js";

export default handlers(Entrypoint);
