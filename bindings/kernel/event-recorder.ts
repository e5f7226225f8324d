import { Errno } from "../../assembly/abi/result.js";
import type { Machine } from "../core/machine.js";
import { checkOptions, flag, integer, refused } from "./argument.js";
import { failed } from "./context.js";
import {
  EVENTS_KEPT,
  MOST_EVENTS,
  readEvents,
  recordOptions,
  type KernelEvent,
  type RecordOptions,
} from "./kernel-event.js";

/** What a machine records of its operations: recordEvents(), takeEvents() and droppedEvents of Kernel. */
export class EventRecorder {
  /** Events beyond those that the last take() returned. */
  dropped = 0;

  constructor(private readonly machine: Machine) {}

  /** @throws KernelError EINVAL, ENOMEM */
  record(on: boolean, options: RecordOptions): void {
    const { core } = this.machine;
    checkOptions("recordEvents", options, recordOptions);
    const most = integer("recordEvents", "most", options.most ?? EVENTS_KEPT, 1, MOST_EVENTS);
    const wanted = flag("recordEvents", "on", on) && options.walks === true;
    if (core.walksTrace(wanted ? 1 : 0)) {
      throw refused("recordEvents", "walks", true, "false, as the build release traces no walks");
    }
    const errno = core.eventsRecord(on ? most : 0);
    if (errno) throw failed(-Errno.ENOMEM, "recordEvents()");
  }

  take(): KernelEvent[] {
    const { core } = this.machine;
    const events = readEvents(this.machine);
    this.dropped = Math.max(0, (core.eventsRecorded() >>> 0) - events.length);
    core.eventsClear();
    return events;
  }
}
