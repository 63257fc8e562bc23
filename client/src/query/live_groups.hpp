#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <map>
#include <span>

#include "live_state.hpp"
#include "name_map.hpp"
#include "sum.hpp"

namespace ringside::query {

/// A row per group.
class LiveGroups final : public LiveState {
public:
    explicit LiveGroups(const LiveQuerySpec& description);

    void apply(std::string_view name, const Values* values) override;
    void settle() override;
    void collect(std::vector<LiveChange>& changes) override;
    [[nodiscard]] std::optional<Row> find(Row key) const override;
    void each(const std::function<void(Row key, Row row)>& visit) const override;
    [[nodiscard]] std::size_t bytes() const noexcept override { return bytes_; }

private:
    /// Also orders equal values that are not identical, such as 1 and 1.0.
    struct ByIdentity {
        bool operator()(const OwnedScalar& a, const OwnedScalar& b) const;
    };
    /// The values of a group's records, without nulls. Each identical value has its own count, so
    /// that a minimum or maximum is always a value of some record.
    struct Multiset {
        using Counts = std::map<OwnedScalar, std::uint64_t, ByIdentity>;
        Counts counts{};
        std::uint64_t distinct = 0;  ///< values that are not equal
    };

    struct Group {
        Values keys;
        std::uint64_t records = 0;
        std::vector<std::uint64_t> counts;  ///< of non-null values, for the inputs that need it
        std::vector<Sum> sums;              ///< for the inputs that need one
        std::vector<Multiset> values;       ///< for the inputs that need one
        Values told;                        ///< the delivered row; empty if there is none
        bool is_dirty = false;
    };
    struct Remembered {
        Group* group;
        Values inputs;
    };
    struct KeysHash {
        using is_transparent = void;
        std::size_t operator()(Row keys) const noexcept;
    };
    struct KeysEqual {
        using is_transparent = void;
        bool operator()(Row a, Row b) const noexcept;
    };
    /// Where a group stores the state of an input, and the aggregates of that input.
    struct Place {
        std::size_t input;
        std::size_t index;  ///< in `Group::counts`, `Group::sums` or `Group::values`
    };

    [[nodiscard]] std::size_t place_of(const LiveQuerySpec::Column& column);
    [[nodiscard]] static std::size_t place_in(std::vector<Place>& places, std::size_t input);
    [[nodiscard]] Group& group_of(Row keys);
    void add(Group& group, Row inputs);
    void take_away(Group& group, Row inputs);
    void add_value(Multiset& values, const OwnedScalar& value);
    void take_value(Multiset& values, const OwnedScalar& value);
    void mark(Group& group);
    void erase(Group& group);
    [[nodiscard]] Values row_of(const Group& group) const;
    [[nodiscard]] OwnedScalar value_of(const Group& group, std::size_t column) const;
    [[nodiscard]] bool is_kept(const Group& group) const noexcept {
        return group.records > 0 || key_count_ == 0;
    }
    [[nodiscard]] static std::size_t bytes_of(std::string_view name, Row inputs) noexcept {
        return entry_bytes(name) + sizeof(Remembered) + heap_bytes(inputs);
    }
    [[nodiscard]] std::size_t bytes_of(const Group& group) const noexcept;

    std::size_t key_count_;
    std::vector<LiveQuerySpec::Column> columns_;
    std::vector<std::size_t> shown_;
    std::vector<std::size_t> column_places_;  ///< index in `counts`, `sums` or `values`
    std::vector<Place> counts_;
    std::vector<Place> sums_;
    std::vector<Place> values_;
    boost::unordered_flat_map<Values, std::unique_ptr<Group>, KeysHash, KeysEqual> groups_;
    NameMap<Remembered> records_;
    std::vector<Group*> dirty_;
    std::size_t bytes_ = 0;
};

}  // namespace ringside::query
