/** The bytes of samples that lie one behind the other, in pieces of bounded size; pictures are looked at as they pass. */
import { ProtocolError } from '../../base/errors.ts'
import type { StoredSample } from '../../protocols/mp4/fragment-parser.ts'
import type { PlacedFragment, RecordedFile } from '../recorded/recorded-file.ts'
import { isWholePicture } from '../recorded/samples.ts'

/** A single picture may be larger. */
const MAX_READ_BYTES = 1024 * 1024

/** Throws `ProtocolError` for a picture that is not whole, and where the file ends before its samples do. */
export async function* readSamples(
  file: RecordedFile,
  fragment: PlacedFragment,
  samples: readonly StoredSample[],
  arePictures: boolean,
): AsyncGenerator<Buffer> {
  for (let first = 0; first < samples.length;) {
    const start = samples[first]!.offset
    let end = first + 1
    while (end < samples.length && endOf(samples[end]!) - start <= MAX_READ_BYTES) end++
    const length = endOf(samples[end - 1]!) - start
    const bytes = await file.read(fragment.offset + start, length)
    if (bytes.length < length) throw new ProtocolError('ISO/IEC 14496-12 §8.1.1', 'the file ends before its samples', fragment.offset)
    for (const { offset, bytes: length } of arePictures ? samples.slice(first, end) : [])
      if (!isWholePicture(bytes.subarray(offset - start, offset - start + length)))
        throw new ProtocolError('ISO/IEC 14496-15 §5.3.4.2', 'NAL units that do not fill their picture', fragment.offset + offset)
    yield bytes
    first = end
  }
}

const endOf = ({ offset, bytes }: StoredSample) => offset + bytes
