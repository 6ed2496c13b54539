/** The base map as one OpenLayers layer, whatever it comes from (R-MAP-7). */
import type Layer from 'ol/layer/Layer.js'
import TileLayer from 'ol/layer/Tile.js'
import VectorTileLayer from 'ol/layer/VectorTile.js'
import type { Projection } from 'ol/proj.js'
import ImageTileSource from 'ol/source/ImageTile.js'
import type VectorTileSource from 'ol/source/VectorTile.js'
import TileGrid from 'ol/tilegrid/TileGrid.js'
import type { LonLat } from '../../../server/contract/ids.ts'
import type { BaseMap, Crs } from '../../../server/contract/map.ts'
import { loadJson } from '../../base/file.ts'
import { mapColor, type ThemeName } from '../../base/theme.ts'
import { project, projectionOf } from './crs.ts'
import { type Box, GRID_M, type Line, paintBasemap, parseBasemap, type VectorBasemap } from './district-paint.ts'
import { createMvtStyle } from './mvt-style.ts'
import { metresPerPx } from './scale.ts'
import { mvtSource, openTms, openWmts, readableSource, xyzSource } from './tile-sources.ts'

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
  return 'crs' in baseMap ? baseMap.crs : 'EPSG:3857'
}

/** Bases that we paint ourselves are sharp at any scale we choose. */
export function isPaintedBase({ kind }: BaseMap): boolean {
  return kind === 'vector' || kind === 'none'
}

type Place = { outline: Line | null; resolutions: readonly number[]; center: LonLat }

/**
 * Opens what the settings ask for; `resolutions` are those the view rests at.
 * Throws when its file or service cannot be read; then `createPaintedLayer(null, …)` is what is left.
 */
export async function openBaseLayer(baseMap: BaseMap, { outline, resolutions, center }: Place, look: BaseLook): Promise<BaseLayer> {
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
    case 'mvt':
      return vectorLayer(mvtSource(baseMap, projection), projection, look)
    case 'xyz':
    case 'tms':
    case 'wmts': {
      const make =
        baseMap.kind === 'wmts'
          ? await openWmts(baseMap, projection)
          : baseMap.kind === 'tms'
            ? await openTms(baseMap, projection)
            : xyzSource(baseMap, projection)
      return rasterLayer(new TileLayer({ className: rasterClassName, source: await readableSource(make, project(center, projection), projection) }))
    }
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
  return vectorLayer(new PMTilesVectorSource({ url, attributions }), projection, firstLook)
}

/** Vector tiles of others in our colours. */
function vectorLayer(source: VectorTileSource, projection: Projection, firstLook: BaseLook): BaseLayer {
  const layer = new VectorTileLayer({ declutter: true, className: 'basemap-vector', source })
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
