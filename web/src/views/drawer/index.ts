export function toggle(): void {}
