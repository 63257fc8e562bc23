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

/// Between the names of the grid and those of deepstream.
struct Names {
    using Convert = std::function<std::string(std::string_view)>;
    Convert to_grid = [](std::string_view name) { return std::string(name); };
    Convert from_grid = [](std::string_view name) { return std::string(name); };
};

/// What rules see of who asks.
struct User {
    explicit User(const Identity& identity);

    std::string id;
    bool is_authenticated = false;
    std::string data;               ///< JSON; empty: null
    std::optional<Bytes> document;  ///< encoded
};

/// JSON, and the document that it is; each is made when it is first asked for.
class LazyDocument {
public:
    using Source = std::function<std::optional<std::string>()>;
    explicit LazyDocument(Source source) : source_(std::move(source)) {}

    /// None: there is none.
    [[nodiscard]] const std::optional<std::string>& json();
    /// Encoded. None: there is none, or its text is no document of the grid.
    [[nodiscard]] const std::optional<Bytes>& document();

private:
    Source source_;
    bool is_read_ = false;
    bool is_parsed_ = false;
    std::optional<std::string> json_;
    std::optional<Bytes> document_;
};

/// What an expression is evaluated for. Everything that it refers to must outlive it.
struct Facts {
    Facts(const User& who, const Evidence& seen, const Names& conversion);
    Facts(const Facts&) = delete;
    Facts& operator=(const Facts&) = delete;

    const User& user;
    const Evidence& evidence;
    const Names& names;
    std::string_view action;
    std::optional<std::string> name;  ///< deepstream's; none: it is about no name
    std::string_view grid_name;       ///< the same
    /// Of the path, in its order.
    std::vector<std::string> path_variables{};
    double now_ms = 0;
    LazyDocument data;
    LazyDocument old_data;

    /// That a record could not be read, so that nothing may be concluded; empty: all could be.
    std::string failure{};

    /// A record, by deepstream's name.
    [[nodiscard]] std::optional<std::string> record(std::string_view deepstream_name);
};

}  // namespace ringside::gateway::valve
