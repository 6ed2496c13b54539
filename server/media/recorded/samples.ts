/** The pictures and sounds of one fragment in the order of their times, and their bytes. */
import type { FragmentHead, StoredSample } from '../../protocols/mp4/fragment-parser.ts'
import type { PlacedFragment, RecordedFile } from './recorded-file.ts'

/** A fragment up to this size is read at once, a larger one sample by sample. */
const MAX_WHOLE_BYTES = 4 * 1024 * 1024

export type TimedSample = { kind: 'video' | 'audio'; sample: StoredSample; dtsMs: number }

/** Pictures before sound of the same time. `soundRateHz` is the timescale of the sound. */
export function* inOrderOfTime({ video, audio }: FragmentHead, soundRateHz: number): Generator<TimedSample> {
  let heard = 0
  const soundMs = (sample: StoredSample) => Math.round((sample.dts * 1000) / soundRateHz)
  for (const sample of video) {
    for (; heard < audio.length && soundMs(audio[heard]!) < sample.dts; heard++) yield { kind: 'audio', sample: audio[heard]!, dtsMs: soundMs(audio[heard]!) }
    yield { kind: 'video', sample, dtsMs: sample.dts }
  }
  for (; heard < audio.length; heard++) yield { kind: 'audio', sample: audio[heard]!, dtsMs: soundMs(audio[heard]!) }
}

/** Reads samples; all of them at once when all are wanted. */
export function createSampleReader(file: RecordedFile, { offset, bytes, headBytes }: PlacedFragment, areAllWanted: boolean) {
  let whole: Buffer | undefined
  /** `undefined` when the file ends before the sample does. */
  return async (sample: StoredSample): Promise<Buffer | undefined> => {
    let found: Buffer
    if (areAllWanted && bytes <= MAX_WHOLE_BYTES) {
      whole ??= await file.read(offset + headBytes, bytes - headBytes)
      found = whole.subarray(sample.offset - headBytes, sample.offset - headBytes + sample.bytes)
    } else found = await file.read(offset + sample.offset, sample.bytes)
    return found.length === sample.bytes ? found : undefined
  }
}

/** Whether NAL units fill the picture to its last byte, as they do unless a disk, a crash or a stranger wrote into it (ISO/IEC 14496-15 §5.3.4.2). */
export function isWholePicture(data: Buffer): boolean {
  let offset = 0
  while (offset + 4 < data.length) {
    const nalBytes = data.readUInt32BE(offset)
    if (nalBytes === 0) return false
    offset += 4 + nalBytes
  }
  return offset === data.length && data.length > 0
}
