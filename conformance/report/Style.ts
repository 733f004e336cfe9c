/** How the page looks, by day and by night. */
export const style = `
:root { --back: #fbfbfa; --front: #1d2327; --dim: #667079; --line: #e3e5e6; --card: #fff; --good: #1a7f4b; --bad: #c4314b; --odd: #a86400; --none: #8a949c;
  font: 15px/1.5 system-ui, sans-serif; background: var(--back); color: var(--front) }
@media (prefers-color-scheme: dark) { :root { --back: #14181b; --front: #e4e8ea; --dim: #98a3ab; --line: #2b3237; --card: #1b2024; --good: #4cc38a;
  --bad: #ff6b81; --odd: #e5a54b; --none: #74808a } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 76rem; padding: 2.5rem 1.25rem 5rem }
header { margin-bottom: 2rem } h1 { font-size: 2rem; line-height: 1.2; margin: .1rem 0 .3rem; letter-spacing: -.02em } header p { margin: 0 }
h2 { font-size: 1rem; margin: 0 } h3 { font-size: 1rem; margin: 0 0 .2rem }
.small, .small b { color: var(--dim); font-size: .85rem }
.cards { display: grid; gap: .8rem; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); list-style: none; margin: 0 0 1.5rem; padding: 0 }
.card { background: var(--card); border: 1px solid var(--line); border-left: 4px solid var(--good); border-radius: .5rem; padding: .8rem 1rem }
.card.bad { border-left-color: var(--bad) } .card.lacking { border-left-color: var(--none); color: var(--dim) } .card p { margin: 0 }
.bar { background: var(--line); border-radius: 3px; display: flex; height: 6px; margin: .5rem 0 .3rem; overflow: hidden } .bar i { height: 100% }
i.holds { background: var(--good) } i.broken { background: var(--bad) } i.deviates { background: var(--odd) } i.lacking { background: var(--none) }
b.broken, td.broken, td.repaired { color: var(--bad) } b.deviates, td.deviates { color: var(--odd) } b.lacking, td.lacking, td.without, b.without, td.unreached { color: var(--none) } td.holds { color: var(--good) }
.legend { color: var(--dim); display: flex; flex-wrap: wrap; font-size: .85rem; gap: .3rem 1.2rem }
.legend .holds b { color: var(--good) } .legend .broken b { color: var(--bad) } .legend .deviates b { color: var(--odd) }
section { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; margin: 1rem 0; overflow: hidden }
.wide { overflow-x: auto } table { border-collapse: collapse; width: 100% } th { font-weight: normal; text-align: left }
thead th { border-bottom: 1px solid var(--line); padding: .7rem 1rem; vertical-align: bottom }
thead th + th { font-size: .8rem; padding: .7rem .4rem; text-align: center; width: 5.5rem }
tbody th { padding: .45rem 1rem } tbody th code { color: var(--dim); display: block; font: .8rem ui-monospace, monospace } tbody th > span { display: block }
tbody tr + tr > * { border-top: 1px solid var(--line) } tbody tr:hover { background: color-mix(in srgb, var(--front) 4%, transparent) }
td { font-size: 1.15rem; padding: .4rem; text-align: center; vertical-align: top }
details { border-left: 3px solid var(--none); margin: .4rem 0; padding-left: .7rem } details.broken, details.repaired { border-color: var(--bad) } details.deviates { border-color: var(--odd) }
summary { color: var(--dim); cursor: pointer; font-size: .85rem } pre { font: .8rem/1.45 ui-monospace, monospace; margin: .3rem 0; overflow-x: auto; white-space: pre-wrap; word-break: break-word }
`
