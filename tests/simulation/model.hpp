#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shm/protocol/request.hpp"

namespace ringside::testing {

/// A minimal model of the grid: a map of JSON texts.
///
/// All documents have the shape {"n":N,"s":"…"}, with or without a member "t" that has many
/// members. So a patch is a replacement of text.
class ReferenceModel {
public:
    struct Record {
        std::uint64_t version = 0;
        std::uint64_t revision = 0;
        std::string json;
        std::uint64_t expires_ms = 0;
    };
    struct Operation {
        wire::CommandKind kind = wire::CommandKind::put;
        std::string name;
        std::string pointer;
        std::string json;
        shm::CommandTerms terms;
    };

    [[nodiscard]] const std::map<std::string, Record>& records() const noexcept { return records_; }

    /// Returns why the operation would be refused now, or nothing if it would succeed.
    [[nodiscard]] std::optional<Errc> refusal(const Operation& operation) const {
        const auto place = records_.find(operation.name);
        const Record* live = place == records_.end() ? nullptr : &place->second;
        switch (operation.terms.condition) {
            case wire::ConditionKind::none: break;
            case wire::ConditionKind::absent:
                if (live != nullptr) return Errc::condition_failed;
                break;
            case wire::ConditionKind::version:
                if ((live == nullptr ? 0 : live->version) != operation.terms.expected) {
                    return Errc::condition_failed;
                }
                break;
            case wire::ConditionKind::revision:
                if ((live == nullptr ? 0 : live->revision) != operation.terms.expected) {
                    return Errc::condition_failed;
                }
                break;
        }
        if (live == nullptr && (operation.kind == wire::CommandKind::remove ||
                                operation.kind == wire::CommandKind::set_path)) {
            return Errc::not_found;
        }
        return std::nullopt;
    }

    /// Applies an operation and returns the new version of the record.
    std::uint64_t apply(const Operation& operation, std::uint64_t revision, std::uint64_t now_ms) {
        Record& record = records_[operation.name];
        const std::uint64_t version = record.version + 1;
        switch (operation.kind) {
            case wire::CommandKind::remove: records_.erase(operation.name); return version;
            case wire::CommandKind::put:
                record.json = operation.json;
                record.expires_ms = 0;
                break;
            case wire::CommandKind::merge: merge(record.json, operation.json); break;
            default: exchange(record.json, operation.pointer, operation.json); break;
        }
        record.version = version;
        record.revision = revision;
        if (operation.terms.ttl_ms != 0) record.expires_ms = now_ms + operation.terms.ttl_ms;
        return version;
    }

    void erase(const std::string& name) { records_.erase(name); }

private:
    /// Merges {"n":N} into a document of the shape above, or into an empty one.
    static void merge(std::string& json, const std::string& patch) {
        if (json.empty()) {
            json = patch;
            return;
        }
        const std::size_t end = json.find_first_of(",}");
        json.replace(0, end, patch.substr(0, patch.size() - 1));
    }
    /// Replaces the number at "/n" or "/t/kNNN".
    static void exchange(std::string& json, const std::string& pointer, const std::string& value) {
        const std::string key = '"' + pointer.substr(pointer.rfind('/') + 1) + "\":";
        const std::size_t begin = json.find(key) + key.size();
        json.replace(begin, json.find_first_of(",}", begin) - begin, value);
    }

    std::map<std::string, Record> records_;
};

}  // namespace ringside::testing
