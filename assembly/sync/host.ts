// The imports of the core beside abort.

/**
 * Where an actor of the explorer may be suspended.
 * @param kind one of YieldKind
 * @param object address of what is about to be touched
 */
export declare function yieldPoint(kind: i32, object: u32): void;

/**
 * Tells a client that was registered with callbacks. It never suspends.
 * @param cookie what the client was registered with
 * @param what one of NotifierCall
 * @returns for questions: 1 yes
 */
export declare function notifierCallback(cookie: f64, what: i32, a: f64, b: f64): i32;
