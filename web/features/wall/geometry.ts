/** Where tiles lie beside each other, and changing a free shape. Pure. */
import { MAX_WALL_TILES, type TilePlace, type WallShape } from '../../../server/contract/walls.ts'

export type Direction = 'left' | 'right' | 'up' | 'down'

/** The nearest tile in a direction, from the middle of this one; the same tile when there is none. */
export function tileBeside({ places }: WallShape, tile: number, direction: Direction): number {
  const from = middle(places[tile])
  if (!from) return 0
  let best = tile
  let bestDistance = Number.POSITIVE_INFINITY
  for (const [index, place] of places.entries()) {
    const to = middle(place)
    if (!to || index === tile) continue
    const [dx, dy] = [to.x - from.x, to.y - from.y]
    const [along, across] = direction === 'left' ? [-dx, dy] : direction === 'right' ? [dx, dy] : direction === 'up' ? [-dy, dx] : [dy, dx]
    if (along <= 0) continue
    const distance = along + 2 * Math.abs(across)
    if (distance < bestDistance) [best, bestDistance] = [index, distance]
  }
  return best
}

function middle(place: TilePlace | undefined) {
  return place && { x: place.column + place.columns / 2, y: place.row + place.rows / 2 }
}

/** CSS `grid-area`. */
export function gridArea({ column, row, columns, rows }: TilePlace): string {
  return `${row + 1} / ${column + 1} / span ${rows} / span ${columns}`
}

/** More than half of the wall: the sub stream is too small for it. */
export function isLargePlace({ columns, places }: WallShape, tile: number): boolean {
  const place = places[tile]
  return place !== undefined && place.columns / columns > 0.5
}

export type Cell = { column: number; row: number }

/** The place that two corners span. */
export function placeBetween(a: Cell, b: Cell): TilePlace {
  return {
    column: Math.min(a.column, b.column),
    row: Math.min(a.row, b.row),
    columns: Math.abs(a.column - b.column) + 1,
    rows: Math.abs(a.row - b.row) + 1,
  }
}

/**
 * Draws a tile: it takes the cells it covers. Tiles that lie within it go (it keeps the number of the first of them), those it only cuts lose those cells and
 * become the largest rectangle that is left; one with nothing left goes. Answers the shape and, for each of its tiles, which one it was before (null: new).
 */
export function drawTile(shape: WallShape, drawn: TilePlace): { shape: WallShape; from: (number | null)[] } {
  const kept: { place: TilePlace; from: number | null }[] = []
  let isPlaced = false
  for (const [index, place] of shape.places.entries()) {
    const rest = without(place, drawn)
    if (rest !== undefined) kept.push({ place: rest, from: index })
    else if (!isPlaced) {
      kept.push({ place: drawn, from: index })
      isPlaced = true
    }
  }
  if (!isPlaced) kept.push({ place: drawn, from: null })
  const places = kept.slice(0, MAX_WALL_TILES)
  return { shape: { ...shape, places: places.map(({ place }) => place) }, from: places.map(({ from }) => from) }
}

/** Gives a tile another place; what it now covers of others is taken from them as in `drawTile`. */
export function resizeTile(shape: WallShape, tile: number, place: TilePlace): { shape: WallShape; from: (number | null)[] } {
  const kept = shape.places.flatMap((each, index) => {
    const rest = index === tile ? place : without(each, place)
    return rest ? [{ place: rest, from: index }] : []
  })
  return { shape: { ...shape, places: kept.map((each) => each.place) }, from: kept.map(({ from }) => from) }
}

/** The largest rectangle of `place` that `taken` leaves; undefined: none. */
function without(place: TilePlace, taken: TilePlace): TilePlace | undefined {
  const right = place.column + place.columns
  const bottom = place.row + place.rows
  const takenRight = taken.column + taken.columns
  const takenBottom = taken.row + taken.rows
  if (taken.column >= right || takenRight <= place.column || taken.row >= bottom || takenBottom <= place.row) return place
  const rests = [
    { ...place, columns: taken.column - place.column },
    { ...place, column: takenRight, columns: right - takenRight },
    { ...place, rows: taken.row - place.row },
    { ...place, row: takenBottom, rows: bottom - takenBottom },
  ].filter(({ columns, rows }) => columns > 0 && rows > 0)
  return rests.toSorted((a, b) => b.columns * b.rows - a.columns * a.rows)[0]
}

/** Takes a tile away; its cells stay empty. The last one stays. */
export function removeTile(shape: WallShape, tile: number): WallShape {
  return shape.places.length === 1 ? shape : { ...shape, places: shape.places.filter((_, index) => index !== tile) }
}

/** Splits a tile into its cells. */
export function splitTile(shape: WallShape, tile: number): { shape: WallShape; from: (number | null)[] } {
  const place = shape.places[tile]
  if (!place || place.columns * place.rows === 1) return { shape, from: shape.places.map((_, index) => index) }
  const cells = Array.from({ length: place.columns * place.rows }, (_, i) => ({
    column: place.column + (i % place.columns),
    row: place.row + Math.floor(i / place.columns),
    columns: 1,
    rows: 1,
  }))
  const parts = shape.places.flatMap<{ place: TilePlace; from: number | null }>((each, index) =>
    index === tile ? cells.map((cell, i) => ({ place: cell, from: i === 0 ? index : null })) : [{ place: each, from: index }],
  )
  if (parts.length > MAX_WALL_TILES) return { shape, from: shape.places.map((_, index) => index) }
  return { shape: { ...shape, places: parts.map((part) => part.place) }, from: parts.map(({ from }) => from) }
}

/** The same tiles on a grid of another size: those beyond it are cut, those that have nothing left go. */
export function withGrid(shape: WallShape, columns: number, rows: number): WallShape {
  const places = shape.places.flatMap((place) => {
    const cut = { ...place, columns: Math.min(place.columns, columns - place.column), rows: Math.min(place.rows, rows - place.row) }
    return cut.columns > 0 && cut.rows > 0 ? [cut] : []
  })
  return { columns, rows, places: places.length > 0 ? places : [{ column: 0, row: 0, columns, rows }] }
}

/** Cells without a tile, so that a free layout shows where there is room. */
export function emptyCells({ columns, rows, places }: WallShape): Cell[] {
  const cells = Array.from({ length: columns * rows }, (_, i) => ({ column: i % columns, row: Math.floor(i / columns) }))
  return cells.filter(
    ({ column, row }) =>
      !places.some((place) => column >= place.column && column < place.column + place.columns && row >= place.row && row < place.row + place.rows),
  )
}
