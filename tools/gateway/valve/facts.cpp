#include "tools/gateway/valve/facts.hpp"

#include "shm/document/json.hpp"

namespace ringside::gateway::valve {

namespace {

/// User data for an identity without deepstream data: the claims of a key or token.
std::string json_of(const Claims& claims) {
    if (claims.empty()) return {};
    std::string json = "{";
    for (const auto& [name, value] : claims) {
        if (json.size() > 1) json += ',';
        append_json_string(name, json);
        json += ':';
        append_json_string(value, json);
    }
    return json + '}';
}

/// Returns none if the text is not a document of the grid.
std::optional<Bytes> read_document(const std::string& json) {
    // Reuses its memory, because allocating it costs more than reading most documents.
    thread_local JsonReader reader;
    const auto read = reader.read(json, written_limits);
    if (!read) return std::nullopt;
    return Bytes(read->begin(), read->end());
}

}  // namespace

User::User(const Identity& identity)
    : id(identity.user),
      is_authenticated(!identity.is_anonymous),
      data(identity.data.empty() ? json_of(identity.claims) : identity.data) {
    if (data.empty()) return;
    // If the grid cannot parse the text, the engine does.
    document = read_document(data);
}

const std::optional<std::string>& LazyDocument::json() {
    if (!std::exchange(is_read_, true)) json_ = source_();
    return json_;
}

const std::optional<Bytes>& LazyDocument::document() {
    if (!std::exchange(is_parsed_, true) && json()) document_ = read_document(*json_);
    return document_;
}

Facts::Facts(const User& who, const Evidence& seen, const Names& conversion)
    : user(who),
      evidence(seen),
      names(conversion),
      data([&seen] { return seen.data(); }),
      old_data(
          [this]() -> std::optional<std::string> { return name ? record(*name) : std::nullopt; }) {}

std::optional<std::string> Facts::record(std::string_view deepstream_name) {
    // Some names of the grid do not correspond to a name of deepstream.
    const bool is_own = name && *name == deepstream_name;
    auto read = evidence.record(is_own ? std::string(grid_name) : names.to_grid(deepstream_name));
    if (read) return *std::move(read);
    failure = read.error().text();
    return std::nullopt;
}

}  // namespace ringside::gateway::valve
