// Constants that asconfig.json sets for each build with --use.

/** 1 in checked, explore and debug: assertions, lock rules, poisoned freed objects. */
declare const CHECKED: i32;
/** 1 in explore: kernel paths stop at yield points. */
declare const EXPLORE: i32;
