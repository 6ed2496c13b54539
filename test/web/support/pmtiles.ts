/** Writes a small PMTiles archive, by the specification and not by the reader under test (PMTiles v3 §3 header, §4 directories). */

export type ArchiveTile = { z: number; x: number; y: number; bytes: Buffer }

const HEADER_BYTES = 127
const PNG = 2
const UNCOMPRESSED = 1

/** Tiles of one PNG pyramid; one root directory, nothing compressed. `bounds`: west, south, east, north in degrees. */
export function writePngArchive(tiles: readonly ArchiveTile[], bounds: readonly [number, number, number, number]): Buffer {
  const sorted = tiles.map((tile) => ({ ...tile, id: tileId(tile) })).sort((a, b) => a.id - b.id)
  const directory = Buffer.from([
    ...varint(sorted.length),
    ...sorted.flatMap(({ id }, i) => varint(i === 0 ? id : id - sorted[i - 1]!.id)), // tile ids, each as the step from the one before
    ...sorted.flatMap(() => varint(1)), // run lengths
    ...sorted.flatMap(({ bytes }) => varint(bytes.length)),
    ...sorted.flatMap((_, i) => varint(i === 0 ? 1 : 0)), // offsets: 0 follows the one before, else the offset + 1
  ])
  const metadata = Buffer.from('{}')
  const data = Buffer.concat(sorted.map(({ bytes }) => bytes))
  const metadataAt = HEADER_BYTES + directory.length
  const dataAt = metadataAt + metadata.length
  const zooms = sorted.map(({ z }) => z)
  const [west, south, east, north] = bounds

  const header = Buffer.alloc(HEADER_BYTES)
  header.write('PMTiles', 0, 'latin1')
  header.writeUInt8(3, 7) // version
  const sections = [HEADER_BYTES, directory.length, metadataAt, metadata.length, 0, 0, dataAt, data.length] // root, metadata, leaves, tiles
  const counts = [sorted.length, sorted.length, sorted.length] // addressed, entries, contents
  for (const [i, value] of [...sections, ...counts].entries()) header.writeBigUInt64LE(BigInt(value), 8 + 8 * i)
  header.set([1, UNCOMPRESSED, UNCOMPRESSED, PNG, Math.min(...zooms), Math.max(...zooms)], 96) // clustered, compressions, type, zooms
  for (const [i, degrees] of [west, south, east, north].entries()) header.writeInt32LE(Math.round(degrees * 1e7), 102 + 4 * i)
  header.writeUInt8(Math.max(...zooms), 118) // center zoom
  header.writeInt32LE(Math.round(((west + east) / 2) * 1e7), 119)
  header.writeInt32LE(Math.round(((south + north) / 2) * 1e7), 123)
  return Buffer.concat([header, directory, metadata, data])
}

/** §4.1: all tiles of the levels above, then the place on the Hilbert curve of the level. `12/3423/1763` is 19078479. */
export function tileId({ z, x, y }: Pick<ArchiveTile, 'z' | 'x' | 'y'>): number {
  let id = (4 ** z - 1) / 3
  for (let side = 2 ** (z - 1); side >= 1; side /= 2) {
    const right = x & side ? 1 : 0
    const down = y & side ? 1 : 0
    id += side * side * ((3 * right) ^ down)
    if (down === 0) {
      if (right === 1) [x, y] = [side - 1 - (x & (side - 1)), side - 1 - (y & (side - 1))]
      ;[x, y] = [y, x]
    }
  }
  return id
}

function varint(value: number): number[] {
  const bytes: number[] = []
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value % 0x80) | 0x80)
  return [...bytes, value]
}
