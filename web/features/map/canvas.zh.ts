/** Texts on the map itself. */
export const canvasZh = {
  label: '电子地图，{count} 路点位；用左侧列表逐路选择',
  noBaseMap: '底图缺失，仅显示辖区与点位',
  loadingBaseMap: '正在读取底图',
  baseMap: '底图：{name} {date}',
  crs: { mercator: '网络墨卡托', wgs84: 'WGS-84 经纬度', cgcs2000: '国家大地 2000', gcj02: 'GCJ-02', bd09: 'BD-09' },
  hover: {
    click: '单击',
    live: '看实时',
    drag: '拖动',
    toWall: '到电视墙',
    heading: '朝向 {heading}',
    since: '{status} {duration}',
  },
}
