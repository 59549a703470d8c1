vector<long long> taskOrder(long long count, const vector<vector<long long>>& rules) {
    vector<vector<long long>> after(count);
    vector<int> waitsFor(count, 0);
    for (const auto& rule : rules) {
        after[rule[0]].push_back(rule[1]);
        ++waitsFor[rule[1]];
    }
    queue<long long> ready;
    for (long long task = 0; task < count; ++task)
        if (waitsFor[task] == 0) ready.push(task);
    vector<long long> order;
    while (!ready.empty()) {
        const long long task = ready.front();
        ready.pop();
        order.push_back(task);
        for (long long then : after[task])
            if (--waitsFor[then] == 0) ready.push(then);
    }
    return order;
}
