// From a picture's data to its SVG file.

import type { Picture } from "../../labs/picture.js";
import { drawBars } from "./bars.js";
import { drawOffsets } from "./offsets.js";
import { drawPass } from "./pass.js";
import { drawIndex } from "./index-tree.js";
import { drawSequence } from "./sequence.js";
import { drawSpace } from "./space.js";
import { drawStates } from "./states.js";
import { type Drawn, svgFile } from "./svg.js";
import { drawTimeline } from "./timeline.js";

/** A whole SVG file. */
export function drawPicture(picture: Picture): string {
  return svgFile(picture.title, drawn(picture));
}

function drawn(picture: Picture): Drawn {
  switch (picture.kind) {
    case "space":
      return drawSpace(picture);
    case "sequence":
      return drawSequence(picture);
    case "bars":
      return drawBars(picture);
    case "timeline":
      return drawTimeline(picture);
    case "states":
      return drawStates(picture);
    case "pass":
      return drawPass(picture);
    case "offsets":
      return drawOffsets(picture);
    case "index":
      return drawIndex(picture);
  }
}
