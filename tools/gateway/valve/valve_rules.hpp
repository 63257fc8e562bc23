#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "shm/name/pattern.hpp"
#include "tools/gateway/access/permissions.hpp"
#include "tools/gateway/valve/engine.hpp"
#include "tools/gateway/valve/facts.hpp"
#include "tools/gateway/valve/path_index.hpp"
#include "tools/gateway/valve/rule_file.hpp"
#include "tools/gateway/valve/rule_type.hpp"

namespace ringside::gateway::valve {

/// A parsed rule.
struct ValveRule {
    std::string label;  ///< for the log: "record 'a/*' read"
    Scope scope;
    Expression expression;
    bool is_simple = false;  ///< the native evaluation is tried first
    Script script;
};

/// All rules of a file in deepstream's permission language "Valve".
/// Thread safety: immutable.
class ValveRules {
public:
    /// Errors: bad_configuration; the detail names file, line, path and fault.
    [[nodiscard]] static Result<std::shared_ptr<const ValveRules>> load(
        const std::filesystem::path& file, Names names = {});
    /// Parses the text of a file.
    [[nodiscard]] static Result<std::shared_ptr<const ValveRules>> parse(
        std::string_view text, const std::filesystem::path& file, Names names = {});

    /// The rule that decides about a name of deepstream. Null if none does, which denies.
    struct Found {
        const ValveRule* rule = nullptr;
        std::vector<std::string> path_variables{};
    };
    [[nodiscard]] Found find(Action action, std::string_view name) const;

    /// `grid_name` is deepstream's own name if it is a user.
    [[nodiscard]] Decision decide(const User& user, Action action, std::string_view grid_name,
                                  const Evidence& evidence) const;

    [[nodiscard]] Coverage coverage(Action action, const Pattern& pattern) const;

    /// Converts a name of the grid to deepstream's form. A user has the same name on both sides.
    [[nodiscard]] std::string deepstream_name(Action action, std::string_view grid_name) const;

private:
    ValveRules() = default;

    [[nodiscard]] static Result<std::shared_ptr<const ValveRules>> make(
        const std::vector<FileRule>& rules, const std::filesystem::path& file, Names names);
    [[nodiscard]] Result<void> add(const FileRule& rule);
    [[nodiscard]] Verdict evaluate(const ValveRule& rule, Facts& facts) const;
    [[nodiscard]] Coverage coverage_of_one(Action action, const std::string& name) const;

    Names names_;
    /// Their addresses are stable, because indexes and engines refer to them.
    std::vector<std::unique_ptr<Path>> paths_;
    std::vector<std::unique_ptr<ValveRule>> rules_;  ///< one per path
    std::array<PathIndex, all_actions.size()> of_action_;
    mutable Engines engines_;
};

}  // namespace ringside::gateway::valve
