/** What is said of this computer's decoding, beside the wall and above it. Pure. */
import type { DecodeLoad } from '../../engines/player/index.ts'

const lostRate = 0.06

/** So many sub streams more. */
export const freeStreams = ({ capacity, sub, main, mainCost, elsewhere }: DecodeLoad): number =>
  Math.max(0, Math.floor(capacity - sub - main * mainCost - elsewhere))
export const isTooMuch = ({ droppedRate }: DecodeLoad): boolean => droppedRate > lostRate
/** Known by measuring, not by the usual number. */
export const isFull = (load: DecodeLoad): boolean => load.isMeasured && load.sub + load.main > 0 && (isTooMuch(load) || freeStreams(load) === 0)
