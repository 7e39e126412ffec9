// Loaded before a program: a write to a pipe is done when it returns, as in other languages. Node would keep in its
// heap what the reader has not taken, and lose it at process.exit().
"use strict";
for (const stream of [process.stdout, process.stderr]) stream._handle?.setBlocking?.(true);
