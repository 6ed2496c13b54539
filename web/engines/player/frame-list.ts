/** Media times of the pictures in the buffer, for stepping from one to the next. Pure. */
export function createFrameList(keep = 6000) {
  /** Rising; pictures of a B-frame group arrive out of order and are put in place. */
  let times: number[] = []
  return {
    reset() {
      times = []
    },
    add(mediaMs: number) {
      let index = times.length
      while (index > 0 && (times[index - 1] ?? 0) > mediaMs) index--
      times.splice(index, 0, mediaMs)
      if (times.length > keep) times = times.slice(-keep / 2)
    },
    /** The picture before (-1) or behind (1) the one shown at `mediaMs`. */
    beside(mediaMs: number, step: 1 | -1): number | undefined {
      // a picture is shown from its time on; half a millisecond for times that went through seconds
      const shown = times.findLastIndex((time) => time <= mediaMs + 0.5)
      return shown < 0 ? undefined : times[shown + step]
    },
  }
}
export type FrameList = ReturnType<typeof createFrameList>
