/** The base map as one OpenLayers layer, whatever it comes from (R-MAP-7, first form). */
import WMTSCapabilities from 'ol/format/WMTSCapabilities.js'
import type Layer from 'ol/layer/Layer.js'
import TileLayer from 'ol/layer/Tile.js'
import VectorTileLayer from 'ol/layer/VectorTile.js'
import type { Projection } from 'ol/proj.js'
import ImageTileSource from 'ol/source/ImageTile.js'
import WMTS, { optionsFromCapabilities } from 'ol/source/WMTS.js'
import XYZ from 'ol/source/XYZ.js'
import TileGrid from 'ol/tilegrid/TileGrid.js'
import WMTSTileGrid from 'ol/tilegrid/WMTS.js'
import type { BaseMap, Crs } from '../../../server/contract/map.ts'
import { loadJson, loadText } from '../../base/file.ts'
import { mapColor, type ThemeName } from '../../base/theme.ts'
import { project, projectionOf } from './crs.ts'
import { type Box, GRID_M, type Line, paintBasemap, parseBasemap, type VectorBasemap } from './district-paint.ts'
import { createMvtStyle } from './mvt-style.ts'
import { metresPerPx, resolutionOf } from './scale.ts'

export type BaseLook = { theme: ThemeName; sizeScale: number; pixelRatio: number }
export type BaseLayer = {
  layer: Layer
  /** Roads and waters whose names we place ourselves; null when the source brings its own. */
  names: VectorBasemap | null
  /** Painted by us: what is outside the district is masked already, and the symbols may be drawn into the same canvas. */
  isPainted: boolean
  setLook(look: BaseLook): void
}

const TILE_PX = 512
/** The dark theme's filter lies on this class alone (`MapCanvas.vue`). */
export const rasterClassName = 'basemap-raster'

export function crsOf(baseMap: BaseMap): Crs {
  return baseMap.kind === 'xyz' || baseMap.kind === 'wmts' ? baseMap.crs : 'EPSG:3857'
}

/** Bases that we paint ourselves are sharp at any scale we choose. */
export function isPaintedBase({ kind }: BaseMap): boolean {
  return kind === 'vector' || kind === 'none'
}

/**
 * Opens what the settings ask for; `resolutions` are those the view rests at.
 * Throws when its file or service cannot be read; then `createPaintedLayer(null, …)` is what is left.
 */
export async function openBaseLayer(baseMap: BaseMap, outline: Line | null, resolutions: readonly number[], look: BaseLook): Promise<BaseLayer> {
  const projection = projectionOf(crsOf(baseMap))
  switch (baseMap.kind) {
    case 'none':
      return createPaintedLayer(null, outline, projection, resolutions, look)
    case 'vector':
      return createPaintedLayer(
        parseBasemap(await loadJson(baseMap.url), (lonLat) => project(lonLat, projection)),
        outline,
        projection,
        resolutions,
        look,
      )
    case 'pmtiles':
      return openPmtiles(baseMap.url, baseMap.attribution, projection, look)
    case 'xyz':
      return rasterLayer(new TileLayer({ className: rasterClassName, source: xyzSource(baseMap, projection) }))
    case 'wmts':
      return rasterLayer(new TileLayer({ className: rasterClassName, source: await openWmts(baseMap, projection) }))
  }
}

function rasterLayer(layer: Layer): BaseLayer {
  return { layer, names: null, isPainted: false, setLook: () => {} }
}

/** Our own cartography, painted tile by tile and kept by OpenLayers: panning only moves pictures. */
export function createPaintedLayer(
  map: VectorBasemap | null,
  outline: Line | null,
  projection: Projection,
  resolutions: readonly number[],
  firstLook: BaseLook,
): BaseLayer {
  const extent = projection.getExtent()
  const tileGrid = new TileGrid({ origin: [extent[0]!, extent[3]!], resolutions: [...resolutions], tileSize: TILE_PX })
  const heart = outline ? [(outline.box[0] + outline.box[2]) / 2, (outline.box[1] + outline.box[3]) / 2] : [0, 0]
  const gridStep = GRID_M / metresPerPx(1, heart, projection)
  const layer = new TileLayer<ImageTileSource>({ className: 'basemap-painted', background: mapColor[firstLook.theme].outside })
  function setLook({ theme, sizeScale, pixelRatio }: BaseLook): void {
    const sidePx = Math.round(TILE_PX * pixelRatio)
    layer.setBackground(mapColor[theme].outside)
    layer.setSource(
      new ImageTileSource({
        projection,
        tileGrid,
        tileSize: [sidePx, sidePx],
        transition: 0,
        wrapX: false,
        loader: (z, x, y) => {
          const canvas = document.createElement('canvas')
          canvas.width = sidePx
          canvas.height = sidePx
          const ctx = canvas.getContext('2d', { alpha: false })!
          ctx.scale(sidePx / TILE_PX, sidePx / TILE_PX)
          const box = tileGrid.getTileCoordExtent([z, x, y]) as unknown as Box
          const resolution = tileGrid.getResolution(z)
          const middle = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2]
          paintBasemap({ ctx, box, resolution, metresPerPx: metresPerPx(resolution, middle, projection), gridStep, theme, sizeScale }, map, outline)
          return Promise.resolve(canvas)
        },
      }),
    )
  }
  setLook(firstLook)
  return { layer, names: map, isPainted: true, setLook }
}

/** Loaded on demand: most sites have no archive. The archive itself says whether it holds pictures or shapes. */
async function openPmtiles(url: string, attribution: string, projection: Projection, firstLook: BaseLook): Promise<BaseLayer> {
  const [{ PMTiles, TileType }, { PMTilesRasterSource, PMTilesVectorSource }] = await Promise.all([import('pmtiles'), import('ol-pmtiles')])
  const { tileType } = await new PMTiles(url).getHeader()
  const attributions = attribution ? [attribution] : []
  if (tileType !== TileType.Mvt) return rasterLayer(new TileLayer({ className: rasterClassName, source: new PMTilesRasterSource({ url, attributions }) }))
  const layer = new VectorTileLayer({ declutter: true, className: 'basemap-vector', source: new PMTilesVectorSource({ url, attributions }) })
  const setLook = ({ theme, sizeScale }: BaseLook) => {
    layer.setBackground(mapColor[theme].land)
    layer.setStyle(
      createMvtStyle({
        theme,
        sizeScale,
        metresPerPx: () => {
          const view = layer.getMapInternal()?.getView()
          return metresPerPx(view?.getResolution() ?? 1, view?.getCenter() ?? [0, 0], projection)
        },
      }),
    )
  }
  setLook(firstLook)
  return { layer, names: null, isPainted: false, setLook }
}

type XyzMap = Extract<BaseMap, { kind: 'xyz' }>
type WmtsMap = Extract<BaseMap, { kind: 'wmts' }>

function xyzSource({ url, crs, minZoom, maxZoom, attribution }: XyzMap, projection: Projection): XYZ {
  const attributions = attribution ? [attribution] : []
  if (crs !== 'BD-09') return new XYZ({ url, projection, minZoom, maxZoom, attributions })
  // Baidu counts tiles from the equator and the prime meridian, upwards, with 2^(18 - z) metres a pixel
  const tileGrid = new TileGrid({ origin: [0, 0], minZoom, resolutions: Array.from({ length: maxZoom + 1 }, (_, z) => 2 ** (18 - z)) })
  return new XYZ({
    projection,
    tileGrid,
    attributions,
    tileUrlFunction: ([z, x, y]) =>
      url
        .replace('{z}', String(z))
        .replace('{x}', String(x))
        .replace('{y}', String(-y! - 1)),
  })
}

/** From the service's own capabilities when `url` leads to them, else by the matrix every Chinese service uses (level z halves level 0, ids are numbers). */
async function openWmts({ url, layer, matrixSet, style, format, attribution }: WmtsMap, projection: Projection): Promise<WMTS> {
  const attributions = attribution ? [attribution] : []
  if (/getcapabilities|\.xml$/i.test(url)) {
    const options = optionsFromCapabilities(new WMTSCapabilities().read(await loadText(url)), { layer, matrixSet, style, format, projection })
    if (!options) throw new Error(`WMTS capabilities of ${url} have no layer ${layer} in ${matrixSet}`)
    return new WMTS({ ...options, attributions })
  }
  const extent = projection.getExtent()
  const zooms = Array.from({ length: 21 }, (_, z) => z)
  const tileGrid = new WMTSTileGrid({
    origin: [extent[0]!, extent[3]!],
    resolutions: zooms.map((z) => resolutionOf(z, projection)),
    matrixIds: zooms.map(String),
  })
  return new WMTS({ url, layer, matrixSet, style, format, projection, tileGrid, attributions, requestEncoding: url.includes('{TileMatrix}') ? 'REST' : 'KVP' })
}
