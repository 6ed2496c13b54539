/** Digital zoom: how a picture of `widthPx` × `heightPx` is scaled and shifted inside its own frame. Pure. */
export type ZoomView = { scale: number; xPx: number; yPx: number }
export type ZoomFrame = { widthPx: number; heightPx: number }

export const noZoom: ZoomView = { scale: 1, xPx: 0, yPx: 0 }
export const maxZoom = 8

/** Scales by `factor` so that the point under the pointer stays where it is. */
export function zoomAt(view: ZoomView, frame: ZoomFrame, factor: number, at: { xPx: number; yPx: number }): ZoomView {
  const scale = Math.min(maxZoom, Math.max(1, view.scale * factor))
  const ratio = scale / view.scale
  return clamp({ scale, xPx: at.xPx - (at.xPx - view.xPx) * ratio, yPx: at.yPx - (at.yPx - view.yPx) * ratio }, frame)
}

export function panBy(view: ZoomView, frame: ZoomFrame, dxPx: number, dyPx: number): ZoomView {
  return clamp({ ...view, xPx: view.xPx + dxPx, yPx: view.yPx + dyPx }, frame)
}

/** The picture always fills its frame. */
function clamp({ scale, xPx, yPx }: ZoomView, { widthPx, heightPx }: ZoomFrame): ZoomView {
  const within = (value: number, sizePx: number) => Math.min(0, Math.max(sizePx * (1 - scale), value)) + 0
  return { scale, xPx: within(xPx, widthPx), yPx: within(yPx, heightPx) }
}
