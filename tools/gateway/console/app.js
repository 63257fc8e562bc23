// The console: what is in the grid, and what it does, while it does it.
import { byId } from "./dom.js";
import { health } from "./health.js";
import { OverviewView } from "./overview_view.js";
import * as place from "./place.js";
import { RecordsView } from "./records_view.js";
import { SeatMapView } from "./seat_map_view.js";
import { SessionsView } from "./sessions_view.js";
import { labelOf, stats } from "./stats.js";
import { startTabs } from "./tabs.js";

stats.addEventListener("sample", () => {
  const grid = labelOf(stats.newest.metrics, "ringside_grid_info", "grid");
  if (!grid) return;
  byId("grid-name").textContent = grid;
  document.title = `${grid} · Ringside`;
});

const records = new RecordsView();
const views = {
  records,
  overview: new OverviewView(),
  sessions: new SessionsView(),
  seats: new SeatMapView((name) => {
    records.open(name);
    select("records");
    byId("document").focus();
  }),
};
const select = startTabs(views, place.view(), place.setView);
health.start();
stats.start();

window.addEventListener("hashchange", () => { if (place.view() in views) select(place.view()); });
// The address is what is looked at, and not where on the page.
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId("panels").focus();
});
