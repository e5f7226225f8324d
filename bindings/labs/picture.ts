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
    /** If it counts something else: its bars have a linear scale of their own. */
    readonly unit?: string;
    readonly bars: readonly { readonly name: string; readonly count: number }[];
  }[];
}

/** A number that changes with time: places in time from left to right, and the number from there on. */
export interface Curve {
  readonly name: string;
  readonly points: readonly (readonly [time: number, value: number])[];
  /** Grey: what the others are compared with. */
  readonly isPale?: true;
}

/** Numbers that change with time, and who has something meanwhile; panels below each other, each on a scale of its own. */
export interface TimelinePicture {
  readonly kind: "timeline";
  readonly title: string;
  readonly panels: readonly {
    readonly title: string;
    /** What time is counted in: "reads from swap". */
    readonly unit: string;
    /** Where time ends. */
    readonly end: number;
    /** Whose turn it is: spans of time that do not overlap, in the colour of the curve of that name. */
    readonly holders?: {
      readonly title: string;
      readonly spans: readonly {
        readonly name: string;
        readonly from: number;
        readonly to: number;
      }[];
    };
    readonly charts: readonly {
      readonly title: string;
      /** Named at their last points; the same name has the same colour in all panels. */
      readonly curves: readonly Curve[];
      /** What happens at moments, told above the chart. */
      readonly marks?: readonly { readonly time: number; readonly words: string }[];
    }[];
  }[];
}

/** What holds after each step that both sides take, time downwards: yes as a bar, counts and words as they are. */
export interface StatesPicture {
  readonly kind: "states";
  readonly title: string;
  readonly steps: readonly {
    readonly words: string;
    /** Shown below them. */
    readonly note?: string;
  }[];
  readonly panels: readonly {
    readonly title: string;
    /** One thing each, with its value after every step. */
    readonly lanes: readonly {
      readonly name: string;
      readonly values: readonly (string | boolean)[];
      /** Steps, counted from 0, after which the value is wrong. */
      readonly wrong: readonly number[];
    }[];
    /** What holds at the end. */
    readonly end?: string;
    /** Is that end the wrong one? */
    readonly isWrong?: true;
  }[];
}

/** A walk looks into a VMA: `at` is its place in the order in which it comes to them. */
export interface LookStep {
  readonly at: number;
  readonly words: string;
  readonly isWrong?: true;
}

/** Entries go from one VMA to another. */
export interface MoveStep {
  readonly from: number;
  readonly to: number;
  readonly words: string;
}

/** What happens in one pass of a walk over a few VMAs; without a place somebody waits. */
export type PassPictureStep = LookStep | MoveStep | { readonly words: string };

/** A walk over VMAs, from left to right, and what moves between them meanwhile, time downwards; panels are kernels. */
export interface PassPicture {
  readonly kind: "pass";
  readonly title: string;
  readonly panels: readonly {
    readonly title: string;
    readonly vmas: readonly { readonly name: string; readonly role: string }[];
    readonly steps: readonly PassPictureStep[];
    readonly end: string;
    readonly isWrong?: true;
  }[];
}

/** What becomes of a VMA in a walk: it is not handed out, holds the page, is passed over, or must not be there. */
export type Handed = "no" | "found" | "in vain" | "wrong";

/** VMAs and a page on an axis of page offsets, the offset that a walk asks for, and the VMAs that it is handed. */
export interface OffsetsPicture {
  readonly kind: "offsets";
  readonly title: string;
  readonly panels: readonly {
    readonly title: string;
    /** The axis has the offsets [0, length), marked every so many. */
    readonly length: number;
    readonly every: number;
    /** Offsets [first, end) of each. */
    readonly vmas: readonly {
      readonly first: number;
      readonly end: number;
      readonly handed: Handed;
      readonly words?: string;
    }[];
    readonly page: { readonly first: number; readonly end: number };
    /** Left out: nothing is asked, and every VMA is handed out. */
    readonly asked?: number;
    readonly end: string;
    readonly isWrong?: true;
  }[];
}

/** A node of an index: the pages [first, last] of its range. */
export interface IndexNode {
  readonly first: number;
  readonly last: number;
  /** Place in the list of the node above it; null for the root. */
  readonly above: number | null;
  /** 0 for the root. */
  readonly depth: number;
  /** How often the search was at it. */
  readonly visits: number;
}

/** Trees over the pages of a file, and the way of a search for one page through each. */
export interface IndexPicture {
  readonly kind: "index";
  readonly title: string;
  /** Pages of the file. */
  readonly pages: number;
  /** The page that is searched for. */
  readonly asked: number;
  /** The same ranges in one index after another. */
  readonly panels: readonly { readonly title: string; readonly nodes: readonly IndexNode[] }[];
}

/** A picture of any kind. */
export type Picture =
  | SpacePicture
  | SequencePicture
  | BarsPicture
  | TimelinePicture
  | StatesPicture
  | PassPicture
  | OffsetsPicture
  | IndexPicture;
