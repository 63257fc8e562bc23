// The console: the content of a grid and its activity, live.
import { byId } from "./dom.js";
import { health } from "./health.js";
import { HealthView } from "./health_view.js";
import { IndexesView } from "./indexes_view.js";
import { KafkaView } from "./kafka_view.js";
import { LatencyView } from "./latency_view.js";
import { MapView } from "./map_view.js";
import { MessagesView } from "./messages_view.js";
import { OverviewView } from "./overview_view.js";
import * as place from "./place.js";
import { ProvidersView } from "./providers_view.js";
import { RecordsView } from "./records_view.js";
import { SessionsView } from "./sessions_view.js";
import { SqlView } from "./sql_view.js";
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
  sql: new SqlView(),
  messages: new MessagesView(),
  map: new MapView((name) => {
    tabs.select("records");
    records.open(name);
    byId("document").focus();
  }),
  overview: new OverviewView(),
  health: new HealthView(),
  latency: new LatencyView(),
  sessions: new SessionsView(),
  providers: new ProvidersView(),
  indexes: new IndexesView(),
  kafka: new KafkaView(),
};
const tabs = startTabs(views, place.view(), place.setView);
health.start();
stats.start();

window.addEventListener("hashchange", () => {
  const view = place.view();
  if (!(view in views)) return;
  if (view === tabs.current()) tabs.reload();
  else tabs.select(view);
});
// The address names the view, not a place on the page.
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId("panels").focus();
});
