/** Texts of the duty overview. */
export const zh = {
  page: '值班总览',
  toMap: '回到地图',
  fullScreen: '全屏',
  leaveFullScreen: '退出全屏',
  needsAction: '需处置',
  more: '另有 {count} 项',
  changes: '最近变化',
  pinned: '固定画面',
  pin: '固定点位',
  pinHint: '大屏右侧常看的三路',
  change: '换点位',
  unpin: '取消固定',
  pinGone: '固定的点位已不可见。换一个，或向安全管理员申请权限',
  noLive: '此账号不能看实时画面。向安全管理员申请',
}
