// What node gives a program, without its types: every module may be imported, every member of it is there.
declare module "*";
declare const Buffer: any;
declare const process: any;
declare const console: any;
declare const require: any;
declare const module: any;
declare const exports: any;
declare const __filename: string;
declare const __dirname: string;
declare const performance: any;
declare function setTimeout(run: (...args: any[]) => void, ms?: number, ...args: any[]): any;
declare function clearTimeout(timer: any): void;
declare function setInterval(run: (...args: any[]) => void, ms?: number, ...args: any[]): any;
declare function clearInterval(timer: any): void;
declare function setImmediate(run: (...args: any[]) => void, ...args: any[]): any;
declare function clearImmediate(timer: any): void;
declare function queueMicrotask(run: () => void): void;
declare function structuredClone<T>(value: T): T;
declare class TextEncoder { encode(text?: string): Uint8Array; }
declare class TextDecoder { constructor(label?: string, options?: any); decode(data?: any, options?: any): string; }
