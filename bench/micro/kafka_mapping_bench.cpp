#include <benchmark/benchmark.h>
#include <toml++/toml.h>

#include <string>
#include <vector>

#include "shm/document/json.hpp"
#include "tools/kafka/mapping/mapper.hpp"

// The cost of a message between Kafka and the transaction: a flat JSON value of 150 bytes. Parsing
// the JSON alone is the baseline.
namespace {

using namespace ringside;

std::vector<std::string> values() {
    std::vector<std::string> all;
    for (int i = 0; i < 1000; ++i) {
        const std::string seat = std::to_string(i);
        all.push_back(R"({"type":"seat","event_id":)" + std::to_string(i % 10) +
                      R"(,"section":"A)" + std::to_string(i % 7) + R"(","row":)" +
                      std::to_string(i % 40) + R"(,"seat":)" + seat +
                      R"(,"status":"held","price":12050,"currency":"EUR",)"
                      R"("holder":"c-)" +
                      std::to_string(100'000 + i) + R"(","at":1700000000123})");
    }
    return all;
}

kafka::Mapping mapping_of(const std::string& rules) {
    return kafka::Mapping::read(toml::parse(rules), tools::TomlFile("rules.toml")).value();
}

void map_all(benchmark::State& state, const std::string& rules) {
    const auto texts = values();
    kafka::Mapper mapper(mapping_of(rules));
    std::size_t i = 0;
    for (auto _ : state) {
        const kafka::MessageView message{.topic = "seats", .key = "k", .value = texts[i]};
        const auto writes = mapper.map(message);
        if (!writes) return state.SkipWithError(writes.error().text().c_str());
        benchmark::DoNotOptimize(writes->data());
        if (++i == texts.size()) i = 0;
    }
    state.SetItemsProcessed(state.iterations());
}

constexpr const char* record = R"(
[[rule]]
record = "event/{event_id}/seat/{section}-{row}-{seat}"
)";

void read_json(benchmark::State& state) {
    const auto texts = values();
    JsonReader reader;
    std::size_t i = 0;
    for (auto _ : state) {
        const auto document = reader.read(texts[i]);
        benchmark::DoNotOptimize(document->data());
        if (++i == texts.size()) i = 0;
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(read_json);

void map_whole_documents(benchmark::State& state) { map_all(state, record); }
BENCHMARK(map_whole_documents);

void map_with_conditions(benchmark::State& state) {
    map_all(state, std::string(record) + R"(
when = [{ field = "type", equals = "seat" }, { field = "price", greater = 0 }]
operation = { field = "status", merge = ["held", "free"], remove = ["gone"] }
)");
}
BENCHMARK(map_with_conditions);

void map_with_a_shape(benchmark::State& state) {
    map_all(state, std::string(record) + R"(
exclude = ["type", "event_id", "section", "row", "seat"]
rename = { holder = "by" }
set = { source = "kafka" }
)");
}
BENCHMARK(map_with_a_shape);

}  // namespace
