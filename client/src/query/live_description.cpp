#include <algorithm>

#include "filter.hpp"
#include "ringside/live_query.hpp"

namespace ringside {

namespace {

/// Reads the values of records that pass a query's predicate.
class RowReader {
public:
    RowReader(const Query& query, const std::vector<Field>& fields) : filter_(query.predicate()) {
        for (const Field& field : fields) readers_.emplace_back(field);
    }
    bool read(const RecordView& record, std::vector<OwnedScalar>& row) const {
        const query::Candidate candidate = {&record, record.document()};
        if (!filter_.matches(candidate)) return false;
        for (const FieldReader& reader : readers_)
            row.emplace_back(reader.of(record, candidate.root));
        return true;
    }

private:
    query::Filter filter_;
    std::vector<FieldReader> readers_;
};

}  // namespace

Result<LiveQuerySpec> LiveQuerySpec::of(const Query& query) {
    if (auto checked = query.check(); !checked) return checked.error();
    if (query.first() || query.row_limit())
        return Error(Errc::bad_query, "a live query takes neither top rows nor a row limit");
    LiveQuerySpec made{.pattern = query.pattern(),
                       .columns = query.columns(),
                       .row_of = {},
                       .is_grouped = query.is_grouped(),
                       .key_count = query.keys().size()};
    std::vector<Field> fields = query.is_grouped() ? query.keys() : query.selected();
    if (fields.empty() && !query.is_grouped()) fields.push_back(Field::name());
    for (const Aggregate& aggregate : query.aggregates()) {
        const auto& field = aggregate.field();
        made.aggregates.push_back({aggregate.kind()});
        if (!field) continue;
        const auto inputs = fields.begin() + static_cast<std::ptrdiff_t>(made.key_count);
        const auto place =
            std::find_if(inputs, fields.end(), [&](const Field& f) { return f.is_same(*field); });
        made.aggregates.back().input = static_cast<std::size_t>(place - inputs);
        if (place == fields.end()) fields.push_back(*field);
    }
    made.narrowing = query.predicate();
    made.row_of = [reader = std::make_shared<const RowReader>(query, fields)](
                      const RecordView& record, std::vector<OwnedScalar>& row) {
        return reader->read(record, row);
    };
    return made;
}

}  // namespace ringside
