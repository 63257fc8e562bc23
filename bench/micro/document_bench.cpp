#include <benchmark/benchmark.h>
#include <flatbuffers/flexbuffers.h>

#include "bench/support/workload.hpp"
#include "shm/document/builder.hpp"
#include "shm/document/json.hpp"
#include "shm/document/patch.hpp"
#include "shm/document/verify.hpp"

/// One ticket of 111 bytes of JSON with eight fields. Baseline: FlexBuffers itself.
namespace ringside::bench {
namespace {

const std::string text = json_of(7);
const Bytes document = document_from_json(text).value();

void encode_json(benchmark::State& state) {
    JsonReader reader;
    for (auto _ : state) benchmark::DoNotOptimize(reader.read(text));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(encode_json);

void encode_fields(benchmark::State& state) {
    DocumentBuilder builder;
    for (auto _ : state) {
        builder.clear();
        builder.begin_object();
        builder.key("event"), builder.integer(7);
        builder.key("section"), builder.string("H");
        builder.key("row"), builder.integer(7);
        builder.key("seat"), builder.integer(7);
        builder.key("price"), builder.integer(2007);
        builder.key("status"), builder.string("free");
        builder.key("holder"), builder.string("c-000007");
        builder.key("at"), builder.integer(1'517'966'773'847);
        builder.end_object();
        benchmark::DoNotOptimize(builder.finish().value().data());
    }
}
BENCHMARK(encode_fields);

void encode_fields_flexbuffers(benchmark::State& state) {
    flexbuffers::Builder builder;
    for (auto _ : state) {
        builder.Clear();
        builder.Map([&] {
            builder.Int("event", 7);
            builder.String("section", "H");
            builder.Int("row", 7);
            builder.Int("seat", 7);
            builder.Int("price", 2007);
            builder.String("status", "free");
            builder.String("holder", "c-000007");
            builder.Int("at", 1'517'966'773'847);
        });
        builder.Finish();
        benchmark::DoNotOptimize(builder.GetBuffer().data());
    }
}
BENCHMARK(encode_fields_flexbuffers);

void verify(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(verify_document(document).has_value());
}
BENCHMARK(verify);

void verify_flexbuffers(benchmark::State& state) {
    for (auto _ : state) {
        benchmark::DoNotOptimize(flexbuffers::VerifyBuffer(document.data(), document.size()));
    }
}
BENCHMARK(verify_flexbuffers);

void read_field(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(Value::of(document)["price"].as_int64());
}
BENCHMARK(read_field);

void read_field_flexbuffers(benchmark::State& state) {
    for (auto _ : state) {
        benchmark::DoNotOptimize(flexbuffers::GetRoot(document).AsMap()["price"].AsInt64());
    }
}
BENCHMARK(read_field_flexbuffers);

void read_wide_field(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(Value::of(document)["at"].as_int64());
}
BENCHMARK(read_wide_field);

void write_json(benchmark::State& state) {
    std::string out;
    for (auto _ : state) {
        out.clear();
        append_json(Value::of(document), out);
        benchmark::DoNotOptimize(out.data());
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(write_json);

void merge_patch(benchmark::State& state) {
    const Bytes patch = document_from_json(R"({"status":"sold","holder":"c-000008"})").value();
    DocumentBuilder out;
    for (auto _ : state) {
        out.clear();
        benchmark::DoNotOptimize(
            apply_merge(out, Value::of(document), Value::of(patch)).value().data());
    }
}
BENCHMARK(merge_patch);

}  // namespace
}  // namespace ringside::bench
