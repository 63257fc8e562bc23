#include "broker/routing/system_records.hpp"

#include <algorithm>

namespace ringside::broker {

void SystemRecords::set(std::string name, Bytes document) {
    Bytes& wanted = wanted_[name];
    if (wanted == document) return;
    wanted = std::move(document);
    to_remove_.erase(name);
    to_put_.insert(std::move(name));
}

void SystemRecords::erase(const std::string& name) {
    if (wanted_.erase(name) == 0) return;
    // Removes only what the grid has: sessions can open and close while it accepts no change.
    const bool was_never_written = to_put_.erase(name) != 0 && !grid_->has(name);
    if (!was_never_written) to_remove_.insert(name);
}

void SystemRecords::write(std::uint64_t now_ns) {
    if (!has_names() || now_ns < again_at_ns_) return;
    // Remove records first: removal frees memory, and even a full grid accepts it.
    const bool is_done = write(to_remove_) && write(to_put_);
    again_at_ns_ = is_done ? 0 : now_ns + pause_ns;
}

/// Returns false if the grid does not accept all of them now.
bool SystemRecords::write(Names& names) {
    while (!names.empty()) {
        if (grid_->must_wait_for_store()) return false;
        std::vector<Command> commands;
        const std::size_t most = std::min<std::size_t>(commands_per_commit, grid_->changes_max());
        auto next = names.begin();
        for (; next != names.end() && commands.size() < most; ++next) {
            if (auto command = command_for(*next)) commands.push_back(*command);
        }
        if (!commands.empty() && !grid_->commit(commands, Origin{}, versions_)) return false;
        names.erase(names.begin(), next);
    }
    return true;
}

/// Returns none if the grid already has the record in its target state.
std::optional<Command> SystemRecords::command_for(std::string_view name) const {
    Command command;
    command.name = name;
    const auto wanted = wanted_.find(name);
    if (wanted != wanted_.end()) {
        command.document = wanted->second;
        return command;
    }
    // The record may have existed for too short a time to be written.
    if (!grid_->has(name)) return std::nullopt;
    command.kind = wire::CommandKind::remove;
    return command;
}

}  // namespace ringside::broker
