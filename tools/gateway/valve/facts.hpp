#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shm/base/types.hpp"
#include "tools/gateway/access/evidence.hpp"
#include "tools/gateway/access/identity.hpp"

namespace ringside::gateway::valve {

/// Converts between names of the grid and of deepstream.
struct Names {
    using Convert = std::function<std::string(std::string_view)>;
    Convert to_grid = [](std::string_view name) { return std::string(name); };
    Convert from_grid = [](std::string_view name) { return std::string(name); };
};

/// The user as rules see it.
struct User {
    explicit User(const Identity& identity);

    std::string id;
    bool is_authenticated = false;
    std::string data;               ///< JSON; empty for null
    std::optional<Bytes> document;  ///< encoded
};

/// JSON and the corresponding document, each built on first use.
class LazyDocument {
public:
    using Source = std::function<std::optional<std::string>()>;
    explicit LazyDocument(Source source) : source_(std::move(source)) {}

    /// Returns none if there is no document.
    [[nodiscard]] const std::optional<std::string>& json();
    /// Returns the encoded document, or none if there is none or the grid cannot parse its text.
    [[nodiscard]] const std::optional<Bytes>& document();

private:
    Source source_;
    bool is_read_ = false;
    bool is_parsed_ = false;
    std::optional<std::string> json_;
    std::optional<Bytes> document_;
};

/// The input of an evaluation. Everything that it refers to must outlive it.
struct Facts {
    Facts(const User& who, const Evidence& seen, const Names& conversion);
    Facts(const Facts&) = delete;
    Facts& operator=(const Facts&) = delete;

    const User& user;
    const Evidence& evidence;
    const Names& names;
    std::string_view action;
    std::optional<std::string> name;  ///< in deepstream's form; none without a name
    std::string_view grid_name;       ///< in the grid's form
    /// Values of the path's variables, in order.
    std::vector<std::string> path_variables{};
    double now_ms = 0;
    LazyDocument data;
    LazyDocument old_data;

    /// Set if a record could not be read, so that no conclusion is possible.
    std::string failure{};

    /// Reads a record by its name in deepstream.
    [[nodiscard]] std::optional<std::string> record(std::string_view deepstream_name);
};

}  // namespace ringside::gateway::valve
