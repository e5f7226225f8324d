// What a lab's picture shows, as data; bindings/report/drawing/ draws it.

import type { Dump } from "../scenario/dump.js";

/** Processes with their VMAs and pages, the frames below, and what finds the VMAs; one machine beside the other. */
export interface SpacePicture {
  readonly kind: "space";
  readonly title: string;
  readonly panels: readonly {
    /** "before", "after", or a moment. */
    readonly title: string;
    readonly dump: Dump;
    /** Shown below the panel. */
    readonly note?: string;
    /** Processes, VMAs ("A 10-14"), or frames by a page that maps them ("A 12"), which differ from the other panel. */
    readonly marked?: readonly string[];
  }[];
}

/** Something that an actor does, or that holds for it, at one moment. */
export interface SequenceStep {
  readonly actor: string;
  readonly words: string;
  /** What goes wrong here. */
  readonly isWrong?: true;
  /** A call or message to another actor. */
  readonly to?: string;
  /** Locks that the actor takes before this step, and gives back after it; bars stand beside the actor meanwhile. */
  readonly takes?: readonly string[];
  readonly drops?: readonly string[];
}

/** Actors as columns, time downwards; panels beside each other are before and after. */
export interface SequencePicture {
  readonly kind: "sequence";
  readonly title: string;
  readonly panels: readonly {
    readonly title: string;
    readonly actors: readonly string[];
    readonly steps: readonly SequenceStep[];
    /** What holds at the end. */
    readonly end?: string;
    /** Is that end the wrong one? */
    readonly isWrong?: true;
  }[];
}

/** Counts of several sides, in groups. */
export interface BarsPicture {
  readonly kind: "bars";
  readonly title: string;
  /** What is counted: "VMAs visited". */
  readonly unit: string;
  /** Equal steps are equal factors: for counts that are far apart. */
  readonly log?: boolean;
  readonly groups: readonly {
    readonly title: string;
    readonly bars: readonly { readonly name: string; readonly count: number }[];
  }[];
}

/** Numbers that change with time, and who has the token meanwhile. */
export interface TimelinePicture {
  readonly kind: "timeline";
  readonly title: string;
  /** What a step of time is: "fault". */
  readonly unit: string;
  /** A curve each, over the same moments. */
  readonly lines: readonly { readonly name: string; readonly values: readonly number[] }[];
  /** Whose turn it was: the name of a line, or null, for each moment. */
  readonly holder?: readonly (string | null)[];
  /** What the holder holds: "token". */
  readonly held?: string;
}

/** A picture of any kind. */
export type Picture = SpacePicture | SequencePicture | BarsPicture | TimelinePicture;
