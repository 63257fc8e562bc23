#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "shm/document/json.hpp"

namespace ringside::bench {

using Clock = std::chrono::steady_clock;

[[nodiscard]] inline double ns_since(Clock::time_point start) {
    return std::chrono::duration<double, std::nano>(Clock::now() - start).count();
}

/// Returns the value at a share of the samples. Sorts the samples.
[[nodiscard]] inline double percentile(std::vector<double>& samples, double share) {
    std::sort(samples.begin(), samples.end());
    return samples[static_cast<std::size_t>(share * static_cast<double>(samples.size() - 1))];
}

[[nodiscard]] inline double median(std::vector<double> samples) { return percentile(samples, 0.5); }

[[nodiscard]] inline std::string name_of(std::size_t i) {
    char text[32];
    std::snprintf(text, sizeof text, "seat/%02zu/%08zu", i % 40, i);
    return text;
}

/// A ticket of about 120 bytes of JSON.
[[nodiscard]] inline std::string json_of(std::size_t i) {
    char text[192];
    std::snprintf(text, sizeof text,
                  R"({"event":%zu,"section":"%c","row":%zu,"seat":%zu,"price":%zu,"status":"%s",)"
                  R"("holder":"c-%06zu","at":%llu})",
                  i % 40, static_cast<char>('A' + i % 26), i % 60, i % 500, 2000 + i % 7000,
                  i % 3 == 0 ? "sold" : "free", i % 1'000'000,
                  1'517'966'773'840ULL + static_cast<unsigned long long>(i));
    return text;
}

/// Returns encoded documents for repeated writes.
[[nodiscard]] inline std::vector<Bytes> some_documents() {
    std::vector<Bytes> documents;
    for (std::size_t i = 0; i < 60; ++i)
        documents.push_back(document_from_json(json_of(i)).value());
    return documents;
}

[[nodiscard]] inline std::int64_t price_in(ByteView document) {
    static const Value::Key price("price");
    return Value::of(document)[price].as_int64().value();
}

/// Returns what a scan adds up for a record.
[[nodiscard]] inline std::int64_t sold_in(ByteView bytes) {
    static const Value::Key status("status");
    static const Value::Key price("price");
    static const Value::Key row("row");
    const Value document = Value::of(bytes);
    if (document[status].as_string() != "sold") return 0;
    return document[price].as_int64().value() + document[row].as_int64().value();
}

/// Uniformly distributed indices below `count`, from a seed.
[[nodiscard]] inline std::vector<std::uint32_t> random_indices(std::size_t count,
                                                               std::size_t samples,
                                                               std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<std::uint32_t> indices(samples);
    for (auto& index : indices) index = static_cast<std::uint32_t>(random() % count);
    return indices;
}

}  // namespace ringside::bench
