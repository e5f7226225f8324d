// The one import of the core beside abort.

/**
 * Where an actor of the explorer may be suspended.
 * @param kind one of YieldKind
 * @param object address of what is about to be touched
 */
export declare function yieldPoint(kind: i32, object: u32): void;
