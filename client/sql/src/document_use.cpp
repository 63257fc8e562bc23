#include "document_use.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "connection.hpp"
#include "json_functions.hpp"
#include "statement_program.hpp"

namespace ringside::sql {

namespace {

/// Effects of a kind of step, as far as they matter here.
enum Effect : unsigned {
    reads_1 = 1U << 0,  ///< the register with number P1
    reads_2 = 1U << 1,
    reads_3 = 1U << 2,
    writes_1 = 1U << 3,
    writes_2 = 1U << 4,
    writes_3 = 1U << 5,
    jumps = 1U << 6,          ///< to P2, or continues
    goes = 1U << 7,           ///< to P2 only
    ends = 1U << 8,           ///< does not continue
    goes_anywhere = 1U << 9,  ///< to any return address of a coroutine or subroutine, or continues
    jumps_three_ways = 1U << 10,
    reads_2_from_1 = 1U << 11,  ///< P2 registers from P1 on
    reads_3_from_1 = 1U << 12,
    reads_3_from_2 = 1U << 13,
    copies = 1U << 14,          ///< P3 + 1 registers from P1 on
    reads_4_from_3 = 1U << 15,  ///< P4 registers from P3 on; 0 means one
    is_aggregate = 1U << 16,    ///< P5 registers from P2 on
    is_function = 1U << 17,
    is_filter = 1U << 18,
    moves = 1U << 19,  ///< the cursor with number P1
};

struct StepKind {
    std::string_view name;
    unsigned effect;
};

/// All steps of statements that read. A step that is not listed counts as reading everything.
constexpr unsigned arithmetic = reads_1 | reads_2 | writes_3;
constexpr unsigned comparison = reads_1 | reads_3 | jumps;
constexpr unsigned seek = reads_4_from_3 | jumps;
constexpr std::array kinds{
    StepKind{"Goto", goes},
    StepKind{"Gosub", goes},
    StepKind{"Init", jumps},
    StepKind{"Once", jumps},
    StepKind{"Return", goes_anywhere},
    StepKind{"Yield", goes_anywhere | jumps},
    StepKind{"InitCoroutine", jumps},
    StepKind{"EndCoroutine", goes_anywhere},
    StepKind{"Halt", ends},
    StepKind{"BeginSubrtn", writes_2},
    StepKind{"Integer", writes_2},
    StepKind{"Int64", writes_2},
    StepKind{"Real", writes_2},
    StepKind{"String8", writes_2},
    StepKind{"Null", writes_2},
    StepKind{"Blob", writes_2},
    StepKind{"SoftNull", writes_1},
    StepKind{"Move", reads_3_from_1},
    StepKind{"Copy", copies},
    StepKind{"SCopy", reads_1 | writes_2},
    StepKind{"IntCopy", reads_1 | writes_2},
    StepKind{"ResultRow", reads_2_from_1},
    StepKind{"CollSeq", 0},
    StepKind{"Add", arithmetic},
    StepKind{"Subtract", arithmetic},
    StepKind{"Multiply", arithmetic},
    StepKind{"Divide", arithmetic},
    StepKind{"Remainder", arithmetic},
    StepKind{"Concat", arithmetic},
    StepKind{"BitAnd", arithmetic},
    StepKind{"BitOr", arithmetic},
    StepKind{"ShiftLeft", arithmetic},
    StepKind{"ShiftRight", arithmetic},
    StepKind{"And", arithmetic},
    StepKind{"Or", arithmetic},
    StepKind{"AddImm", reads_1},
    StepKind{"MustBeInt", reads_1 | jumps},
    StepKind{"RealAffinity", reads_1},
    StepKind{"Cast", reads_1},
    StepKind{"Eq", comparison},
    StepKind{"Ne", comparison},
    StepKind{"Lt", comparison},
    StepKind{"Le", comparison},
    StepKind{"Gt", comparison},
    StepKind{"Ge", comparison},
    StepKind{"ElseEq", jumps},
    StepKind{"Compare", reads_3_from_1 | reads_3_from_2},
    StepKind{"Permutation", 0},
    StepKind{"Jump", jumps_three_ways | ends},
    StepKind{"IsTrue", reads_1 | writes_2},
    StepKind{"Not", reads_1 | writes_2},
    StepKind{"BitNot", reads_1 | writes_2},
    StepKind{"If", reads_1 | jumps},
    StepKind{"IfNot", reads_1 | jumps},
    StepKind{"IsNull", reads_1 | jumps},
    StepKind{"NotNull", reads_1 | jumps},
    StepKind{"ZeroOrNull", reads_1 | reads_3 | writes_2},
    StepKind{"IfNullRow", jumps},
    StepKind{"Column", writes_3},
    StepKind{"Affinity", reads_2_from_1},
    StepKind{"MakeRecord", reads_2_from_1 | writes_3},
    StepKind{"OpenEphemeral", 0},
    StepKind{"OpenDup", 0},
    StepKind{"OpenPseudo", reads_2},
    StepKind{"SorterOpen", 0},
    StepKind{"Close", moves},
    StepKind{"ColumnsUsed", 0},
    StepKind{"Rewind", jumps},
    StepKind{"Last", jumps},
    StepKind{"Next", jumps},
    StepKind{"Prev", jumps},
    StepKind{"Sort", jumps},
    StepKind{"SorterSort", jumps},
    StepKind{"SorterNext", jumps},
    StepKind{"SorterData", writes_2},
    StepKind{"SorterInsert", reads_2},
    StepKind{"SorterCompare", reads_3 | jumps},
    StepKind{"ResetSorter", 0},
    StepKind{"IdxInsert", reads_2 | reads_4_from_3},
    StepKind{"IdxDelete", reads_3_from_2},
    StepKind{"Found", seek},
    StepKind{"NotFound", seek},
    StepKind{"NoConflict", seek},
    StepKind{"SeekGE", seek},
    StepKind{"SeekGT", seek},
    StepKind{"SeekLE", seek},
    StepKind{"SeekLT", seek},
    StepKind{"SeekRowid", reads_3 | jumps},
    StepKind{"NotExists", reads_3 | jumps},
    StepKind{"IdxGE", seek},
    StepKind{"IdxGT", seek},
    StepKind{"IdxLE", seek},
    StepKind{"IdxLT", seek},
    StepKind{"Filter", seek},
    StepKind{"FilterAdd", reads_4_from_3},
    StepKind{"Sequence", writes_2},
    StepKind{"SequenceTest", jumps},
    StepKind{"NewRowid", writes_2},
    StepKind{"Insert", reads_2 | reads_3},
    StepKind{"RowData", writes_2},
    StepKind{"Rowid", writes_2},
    StepKind{"NullRow", 0},
    StepKind{"Count", writes_2},
    StepKind{"Delete", 0},
    StepKind{"RowSetAdd", reads_2},
    StepKind{"RowSetTest", reads_3 | jumps},
    StepKind{"AggStep", is_aggregate | reads_3},
    StepKind{"AggInverse", is_aggregate | reads_3},
    StepKind{"AggStep1", is_aggregate | reads_3},
    StepKind{"AggFinal", reads_1},
    StepKind{"AggValue", reads_1 | writes_3},
    StepKind{"Function", is_function | writes_3},
    StepKind{"PureFunc", is_function | writes_3},
    StepKind{"VOpen", 0},
    StepKind{"VFilter", is_filter | moves | jumps},
    StepKind{"VColumn", writes_3},
    StepKind{"VNext", moves | jumps},
    StepKind{"Transaction", 0},
    StepKind{"Noop", 0},
    StepKind{"Explain", 0},
    StepKind{"ReleaseReg", 0},
    StepKind{"DecrJumpZero", reads_1 | jumps},
    StepKind{"IfPos", reads_1 | jumps},
    StepKind{"IfNotZero", reads_1 | jumps},
    StepKind{"OffsetLimit", reads_1 | reads_3 | writes_2},
};

constexpr int everything = std::numeric_limits<int>::max();

int number_in(std::string_view text, int otherwise) noexcept {
    int number = otherwise;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

class Program {
public:
    explicit Program(std::vector<Step> steps) : steps_(std::move(steps)) {
        for (std::size_t at = 0; at < steps_.size(); ++at) {
            const Step& step = steps_[at];
            // A possible return address.
            if (step.name == "Gosub" || step.name == "Yield") returns_.push_back(at + 1);
            if (step.name == "InitCoroutine") {
                returns_.push_back(static_cast<std::size_t>(step.p3));
                returns_.push_back(at + 1);
            }
            if (step.name == "BeginSubrtn") returns_.push_back(at + 1);
        }
    }

    [[nodiscard]] const std::vector<Step>& steps() const noexcept { return steps_; }

    /// Returns whether the value that the step at `origin` has put into its register reaches only
    /// functions that take handles, while its cursor does not move.
    [[nodiscard]] bool is_for_functions_only(std::size_t origin) const {
        const int handle = steps_[origin].p3;
        const int cursor = steps_[origin].p1;
        // Each step is visited at most twice: before and after the cursor has moved.
        std::vector<std::array<bool, 2>> seen(steps_.size(), {false, false});
        std::vector<std::pair<std::size_t, bool>> ways{{origin + 1, false}};
        while (!ways.empty()) {
            auto [at, has_moved] = ways.back();
            ways.pop_back();
            if (at >= steps_.size() || seen[at][has_moved ? 1 : 0]) continue;
            seen[at][has_moved ? 1 : 0] = true;
            const Step& step = steps_[at];
            const StepKind* kind = kind_of(step);
            if (kind == nullptr) return false;
            const bool is_taken = takes_handle(step, *kind, handle);
            if (is_taken ? has_moved : reads(step, *kind, handle)) return false;
            if ((kind->effect & moves) != 0 && step.p1 == cursor) has_moved = true;
            if (overwrites(step, *kind, handle)) continue;
            for (const std::size_t next : ways_from(at, *kind)) ways.emplace_back(next, has_moved);
        }
        return true;
    }

private:
    static const StepKind* kind_of(const Step& step) noexcept {
        const auto* found = std::find_if(kinds.begin(), kinds.end(), [&](const StepKind& kind) {
            return kind.name == step.name;
        });
        return found == kinds.end() ? nullptr : &*found;
    }

    static bool takes_handle(const Step& step, const StepKind& kind, int handle) noexcept {
        return (kind.effect & is_function) != 0 && step.p2 == handle && takes_handles(step.p4);
    }

    [[nodiscard]] bool reads(const Step& step, const StepKind& kind, int handle) const noexcept {
        const auto has = [&](unsigned effect) { return (kind.effect & effect) != 0; };
        const auto is_in = [&](int first, int count) {
            return handle >= first && (count == everything || handle < first + count);
        };
        if ((has(reads_1) && step.p1 == handle) || (has(reads_2) && step.p2 == handle) ||
            (has(reads_3) && step.p3 == handle)) {
            return true;
        }
        if (has(reads_2_from_1) && is_in(step.p1, step.p2)) return true;
        if (has(reads_3_from_1) && is_in(step.p1, step.p3)) return true;
        if (has(reads_3_from_2) && is_in(step.p2, step.p3)) return true;
        if (has(copies) && is_in(step.p1, step.p3 + 1)) return true;
        if (has(reads_4_from_3) && is_in(step.p3, std::max(1, number_in(step.p4, everything)))) {
            return true;
        }
        if (has(is_aggregate) && is_in(step.p2, step.p5)) return true;
        if (has(is_function) && is_in(step.p2, arguments_of(step))) return true;
        return has(is_filter) && is_in(step.p3, filter_registers(step.p3));
    }

    static bool overwrites(const Step& step, const StepKind& kind, int handle) noexcept {
        return ((kind.effect & writes_1) != 0 && step.p1 == handle) ||
               ((kind.effect & writes_2) != 0 && step.p2 == handle) ||
               ((kind.effect & writes_3) != 0 && step.p3 == handle);
    }

    [[nodiscard]] std::vector<std::size_t> ways_from(std::size_t at, const StepKind& kind) const {
        const Step& step = steps_[at];
        const auto has = [&](unsigned effect) { return (kind.effect & effect) != 0; };
        std::vector<std::size_t> ways;
        if (has(jumps | goes)) ways.push_back(static_cast<std::size_t>(step.p2));
        if (has(jumps_three_ways)) {
            for (const int target : {step.p1, step.p2, step.p3}) {
                ways.push_back(static_cast<std::size_t>(target));
            }
        }
        if (has(goes_anywhere)) ways.insert(ways.end(), returns_.begin(), returns_.end());
        if (!has(goes | ends)) ways.push_back(at + 1);
        return ways;
    }

    /// Returns two for "name(2)". The number of other functions is not part of the name.
    static int arguments_of(const Step& step) noexcept {
        const std::size_t open = step.p4.rfind('(');
        if (open == std::string::npos) return everything;
        const int count = number_in(std::string_view(step.p4).substr(open + 1), -1);
        return count < 0 ? everything : count;
    }

    /// Two numbers, and as many values as the second number, which is a constant.
    [[nodiscard]] int filter_registers(int first) const noexcept {
        int values = -1;
        for (const Step& step : steps_) {
            if (step.name == "Integer" && step.p2 == first + 1) values = std::max(values, step.p1);
        }
        return values < 0 ? everything : values + 2;
    }

    std::vector<Step> steps_;
    std::vector<std::size_t> returns_;
};

/// Returns our table on which a cursor of the program is opened, or null for another table.
const TableSpec* table_of(const Program& program, int cursor, const Session& session) {
    for (const Step& step : program.steps()) {
        if (step.name != "VOpen" || step.p1 != cursor || !step.p4.starts_with("vtab:")) continue;
        std::uintptr_t address = 0;
        const char* digits = step.p4.data() + std::strlen("vtab:");
        std::from_chars(digits, step.p4.data() + step.p4.size(), address, 16);
        for (std::size_t i = 0; i < session.virtual_tables.size(); ++i) {
            if (reinterpret_cast<std::uintptr_t>(session.virtual_tables[i]) == address) {
                return &session.tables[i];
            }
        }
    }
    return nullptr;
}

bool is_document(const TableSpec& table, int column) noexcept {
    return column >= 0 && static_cast<std::size_t>(column) < table.columns.size() &&
           table.columns[static_cast<std::size_t>(column)].source == ColumnSource::document;
}

}  // namespace

DocumentUse document_use(sqlite3_stmt* statement, const Session& session) {
    if (sqlite3_stmt_isexplain(statement) != 0) return DocumentUse::none;
    const Program program(steps_of(statement));
    DocumentUse use = DocumentUse::none;
    for (std::size_t at = 0; at < program.steps().size(); ++at) {
        const Step& step = program.steps()[at];
        if (step.name != "VColumn") continue;
        const TableSpec* table = table_of(program, step.p1, session);
        if (table == nullptr || !is_document(*table, step.p2)) continue;
        if (!program.is_for_functions_only(at)) return DocumentUse::as_text;
        use = DocumentUse::in_place;
    }
    return use;
}

}  // namespace ringside::sql
