import { randomOperations } from "./random-operations.js";

// One file an index, so that they run side by side.
randomOperations("list");
