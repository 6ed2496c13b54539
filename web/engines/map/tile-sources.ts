/** Tiles of services, by how each counts them: XYZ, TMS, WMTS, vector tiles; in every coordinate system of `crs.ts`. */
import { createXYZ } from 'ol/tilegrid.js'
import MVT from 'ol/format/MVT.js'
import WMTSCapabilities from 'ol/format/WMTSCapabilities.js'
import { equivalent, get, type Projection } from 'ol/proj.js'
import type TileImage from 'ol/source/TileImage.js'
import VectorTileSource from 'ol/source/VectorTile.js'
import WMTS, { optionsFromCapabilities } from 'ol/source/WMTS.js'
import XYZ from 'ol/source/XYZ.js'
import TileGrid from 'ol/tilegrid/TileGrid.js'
import WMTSTileGrid from 'ol/tilegrid/WMTS.js'
import type { BaseMap } from '../../../server/contract/map.ts'
import { loadText } from '../../base/file.ts'
import { resolutionOf } from './scale.ts'

type Kind<K extends BaseMap['kind']> = Extract<BaseMap, { kind: K }>
/** Makes the source, its pictures asked for with or without leave to read them. */
export type MakeSource = (crossOrigin: 'anonymous' | undefined) => TileImage

const TILE_PX = 256
const FINEST_MATRIX = 20
/** A server that is slower than this about one tile is not waited for. */
const PROBE_MS = 4000

const creditOf = ({ attribution }: { attribution: string }) => (attribution ? [attribution] : [])
const fill = (url: string, z: number, x: number, y: number) => url.replace('{z}', String(z)).replace('{x}', String(x)).replace('{y}', String(y))

/** Baidu counts tiles from the equator and the prime meridian, upwards, with 2^(18 - z) metres a pixel. */
function baiduGrid(minZoom: number, maxZoom: number): TileGrid {
  return new TileGrid({ origin: [0, 0], minZoom, resolutions: Array.from({ length: maxZoom + 1 }, (_, z) => 2 ** (18 - z)) })
}

/** Rows counted from the north, level 0 the whole width in one tile; in BD-09 as Baidu counts. */
export function xyzSource(baseMap: Kind<'xyz'>, projection: Projection): MakeSource {
  const { url, crs, minZoom, maxZoom } = baseMap
  const attributions = creditOf(baseMap)
  if (crs !== 'BD-09') return (crossOrigin) => new XYZ({ url, projection, minZoom, maxZoom, attributions, ...(crossOrigin && { crossOrigin }) })
  return upwardSource(url, projection, baiduGrid(minZoom, maxZoom), attributions)
}

/** Rows counted upwards from the grid's origin. */
function upwardSource(url: string, projection: Projection, tileGrid: TileGrid, attributions: string[], levelOf = (z: number) => z): MakeSource {
  return (crossOrigin) =>
    new XYZ({
      projection,
      tileGrid,
      attributions,
      tileUrlFunction: ([z, x, y]) => fill(url, levelOf(z!), x!, -y! - 1),
      ...(crossOrigin && { crossOrigin }),
    })
}

/**
 * Rows counted from the south (OSGeo TMS 1.0.0). From the service's description when `url` leads to one; else by the profiles global-mercator and
 * global-geodetic, whose level 0 is 180° wide in a tile.
 */
export async function openTms(baseMap: Kind<'tms'>, projection: Projection): Promise<MakeSource> {
  const { url, crs, minZoom, maxZoom } = baseMap
  if (!url.includes('{z}')) return describedTms(baseMap, projection)
  if (crs === 'BD-09') return upwardSource(url, projection, baiduGrid(minZoom, maxZoom), creditOf(baseMap))
  const [west, south] = projection.getExtent()
  const coarsest = projection.getUnits() === 'degrees' ? 1 : 0
  const resolutions = Array.from({ length: maxZoom + 1 }, (_, z) => resolutionOf(z + coarsest, projection))
  return upwardSource(url, projection, new TileGrid({ origin: [west!, south!], minZoom, resolutions, tileSize: TILE_PX }), creditOf(baseMap))
}

async function describedTms(baseMap: Kind<'tms'>, projection: Projection): Promise<MakeSource> {
  const { url } = baseMap
  const tileMap = new DOMParser().parseFromString(await loadText(url), 'text/xml').querySelector('TileMap')
  const number = (element: Element | null | undefined, name: string) => Number(element?.getAttribute(name) ?? Number.NaN)
  const sets = [...(tileMap?.querySelectorAll('TileSets > TileSet') ?? [])]
    .map((set) => ({ href: set.getAttribute('href') ?? '', order: number(set, 'order'), resolution: number(set, 'units-per-pixel') }))
    .filter(({ order, resolution }) => Number.isInteger(order) && resolution > 0)
    .sort((a, b) => b.resolution - a.resolution)
  const [origin, format] = [tileMap?.querySelector('Origin'), tileMap?.querySelector('TileFormat')]
  const [originX, originY] = [number(origin, 'x'), number(origin, 'y')]
  if (sets.length === 0 || !Number.isFinite(originX) || !Number.isFinite(originY)) throw new Error(`${url}: no TileMap with Origin and TileSets (TMS 1.0.0)`)
  const srs = tileMap?.querySelector('SRS')?.textContent?.trim() ?? ''
  requireSame(url, srs, projection)
  const extension = format?.getAttribute('extension') ?? 'png'
  const folder = new URL('.', new URL(url, location.href)).href
  const sizePx: [number, number] = [number(format, 'width') || TILE_PX, number(format, 'height') || TILE_PX]
  const tileGrid = new TileGrid({ origin: [originX, originY], resolutions: sets.map(({ resolution }) => resolution), tileSizes: sets.map(() => sizePx) })
  return (crossOrigin) =>
    new XYZ({
      projection,
      tileGrid,
      attributions: creditOf(baseMap),
      // a set's folder is a whole address, or beside the description: gdal2tiles writes the bare number
      tileUrlFunction: ([z, x, y]) => `${new URL(sets[z!]!.href || String(sets[z!]!.order), folder).href.replace(/\/$/, '')}/${x}/${-y! - 1}.${extension}`,
      ...(crossOrigin && { crossOrigin }),
    })
}

/** From the service's own capabilities when `url` leads to them, else by the matrix every Chinese service uses (level z halves level 0, ids are numbers). */
export async function openWmts(baseMap: Kind<'wmts'>, projection: Projection): Promise<MakeSource> {
  const { url, layer, matrixSet, style, format } = baseMap
  const attributions = creditOf(baseMap)
  if (/getcapabilities|\.xml(\?|$)/i.test(url)) {
    const capabilities = readCapabilities(await loadText(url), baseMap, projection)
    const options = optionsFromCapabilities(capabilities, { layer, matrixSet, style, format, projection })
    if (!options) throw new Error(`${url}: layer ${layer} in ${matrixSet} cannot be read`)
    return (crossOrigin) => new WMTS({ ...options, attributions, ...(crossOrigin && { crossOrigin }) })
  }
  const extent = projection.getExtent()
  const zooms = Array.from({ length: FINEST_MATRIX + 1 }, (_, z) => z)
  const tileGrid = new WMTSTileGrid({
    origin: [extent[0]!, extent[3]!],
    resolutions: zooms.map((z) => resolutionOf(z, projection)),
    matrixIds: zooms.map(String),
  })
  const requestEncoding = url.includes('{TileMatrix}') ? 'REST' : 'KVP'
  return (crossOrigin) =>
    new WMTS({ url, layer, matrixSet, style, format, projection, tileGrid, attributions, requestEncoding, ...(crossOrigin && { crossOrigin }) })
}

type Capabilities = { Contents?: { Layer?: CapabilitiesLayer[]; TileMatrixSet?: { Identifier: string; SupportedCRS: string }[] } }
type CapabilitiesLayer = { Identifier: string; TileMatrixSetLink?: { TileMatrixSet: string }[] }

/** Throws with what there is when layer or matrix set are not, or the set is in another system. OpenLayers would take the first instead. */
function readCapabilities(text: string, { url, layer, matrixSet, crs }: Kind<'wmts'>, projection: Projection): object {
  let capabilities: Capabilities | null = null
  try {
    capabilities = new WMTSCapabilities().read(text) as Capabilities | null
  } catch {
    // what is no XML has no layers either: said below
  }
  const layers = capabilities?.Contents?.Layer ?? []
  if (!capabilities || layers.length === 0) throw new Error(`${url}: no WMTS capabilities`)
  const found = layers.find(({ Identifier }) => Identifier === layer)
  if (!found) throw new Error(`${url}: no layer ${layer}; there are ${layers.map(({ Identifier }) => Identifier).join(', ')}`)
  const links = found.TileMatrixSetLink?.map(({ TileMatrixSet }) => TileMatrixSet) ?? []
  const set = capabilities.Contents?.TileMatrixSet?.find(({ Identifier }) => Identifier === matrixSet)
  if (!set || !links.includes(matrixSet)) throw new Error(`${url}: no matrix set ${matrixSet} for layer ${layer}; there are ${links.join(', ')}`)
  // services of shifted coordinates call them web Mercator, or by a name nobody else knows
  if (crs === 'GCJ-02' || crs === 'BD-09') set.SupportedCRS = projection.getCode()
  else requireSame(url, set.SupportedCRS, projection)
  return capabilities
}

function requireSame(url: string, name: string, projection: Projection): void {
  if (projection.getCode() === 'GCJ-02' || projection.getCode() === 'BD-09') return
  const known = get(name.replace('OSGEO:41001', 'EPSG:3857').replace('EPSG:900913', 'EPSG:3857'))
  if (!known || !equivalent(known, projection)) throw new Error(`${url}: is in ${name || 'an unnamed system'}, not in ${projection.getCode()}`)
}

/** Vector tiles, rows counted from the north (Mapbox Vector Tile 2.1). */
export function mvtSource(baseMap: Kind<'mvt'>, projection: Projection): VectorTileSource {
  const { url, crs, minZoom, maxZoom } = baseMap
  const attributions = creditOf(baseMap)
  if (crs === 'BD-09') {
    const tileGrid = baiduGrid(minZoom, maxZoom)
    return new VectorTileSource({ format: new MVT(), projection, tileGrid, attributions, tileUrlFunction: ([z, x, y]) => fill(url, z!, x!, -y! - 1) })
  }
  const tileGrid = createXYZ({ extent: projection.getExtent(), minZoom, maxZoom, maxResolution: resolutionOf(0, projection), tileSize: TILE_PX })
  return new VectorTileSource({ format: new MVT(), projection, tileGrid, attributions, tileUrlFunction: ([z, x, y]) => fill(url, z!, x!, y!) })
}

/**
 * Of our own server pictures may always be read. A foreign one is asked with a tile of the middle whether it allows it, so that the map can be saved
 * as a picture; when it does not, the tiles are shown without.
 */
export async function readableSource(make: MakeSource, center: readonly number[], projection: Projection): Promise<TileImage> {
  const source = make(undefined)
  const tileGrid = source.getTileGridForProjection(projection)
  const z = Math.min(tileGrid.getMaxZoom(), Math.max(tileGrid.getMinZoom(), tileGrid.getZForResolution(resolutionOf(13, projection))))
  const url = source.getTileUrlFunction()(tileGrid.getTileCoordForCoordAndZ([...center], z), 1, projection)
  if (!url || new URL(url, location.href).origin === location.origin) return source
  return (await allowsReading(url)) ? make('anonymous') : source
}

function allowsReading(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const image = new Image()
    image.crossOrigin = 'anonymous'
    image.addEventListener('load', () => resolve(true), { once: true })
    image.addEventListener('error', () => resolve(false), { once: true })
    setTimeout(() => resolve(false), PROBE_MS)
    image.src = url
  })
}
