"""Problems written in the browser. What the pages write is the folder format of docs/problem-package.md."""
