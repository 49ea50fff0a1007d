"""Every word the page itself says, in English and in 中文.

The page is written in English; its script puts the Chinese in place for a Chinese browser, or when asked. Words that
come from the data (names of steps, rules, signals, reasons) are never translated.
"""

from __future__ import annotations

LABELS: dict[str, tuple[str, str]] = {
    # the page
    "report": ("Curation report", "数据整理报告"),
    "contents": ("Contents", "目录"),
    "verdict": ("Overview", "总览"),
    "funnel": ("Funnel", "漏斗"),
    "steps": ("Steps", "步骤"),
    "rules": ("Rules", "规则"),
    "signals": ("Signals", "信号分布"),
    "languages": ("Languages", "语言"),
    "domains": ("Domains", "域名"),
    "charsets": ("Charsets", "字符编码"),
    "samples": ("Samples", "样本"),
    "duplicates": ("Duplicates", "重复"),
    "left_out": ("Quarantine and skipped", "隔离与跳过"),
    "provenance": ("Provenance", "来源与版本"),
    "more": ("more in report.json", "项见 report.json"),
    "nothing": ("None.", "无。"),
    # fates
    "documents": ("Documents", "文档"),
    "records": ("Records", "记录"),
    "records_counted": ("records", "条记录"),
    "kept": ("Kept", "保留"),
    "dropped": ("Dropped", "丢弃"),
    "quarantined": ("Quarantined", "隔离"),
    "skipped": ("Skipped", "跳过"),
    "kept_share": ("Kept share", "保留率"),
    "of_documents": ("documents kept of", "份文档保留，共"),
    "unknown": ("Unknown", "未知"),
    "not_known": ("not known", "未知"),
    "others": ("all others", "其余全部"),
    # verdict strip
    "bytes_in": ("Input", "输入"),
    "text_in": ("Text extracted", "提取文本"),
    "text_kept": ("Text kept", "保留文本"),
    "cpu_time": ("CPU time", "CPU 时间"),
    "wall_time": ("Wall time", "运行时间"),
    "pages_per_s": ("Pages per second", "页/秒"),
    "peak_memory": ("Peak memory", "内存峰值"),
    "workers": ("workers", "个进程"),
    "damaged": ("Damaged", "损坏"),
    "warnings": ("Warnings", "警告"),
    "no_warnings": ("No warnings", "没有警告"),
    "not_reproducible": (
        "A clock limit decided about a document: another run of the same input may differ.",
        "有文档因超时被处理：同样的输入再次运行，结果可能不同。",
    ),
    # tables
    "step": ("Step", "步骤"),
    "rule": ("Rule", "规则"),
    "input": ("Input", "输入"),
    "rows_in": ("In", "进入"),
    "rows_out": ("Out", "输出"),
    "remaining": ("Remaining", "剩余"),
    "bytes_out": ("Text out", "输出文本"),
    "bytes_step": ("Text in", "输入文本"),
    "cpu_s": ("CPU", "CPU"),
    "mb_per_s": ("MB/s", "MB/s"),
    "kind": ("Kind", "类型"),
    "transform": ("transform", "变换"),
    "group": ("rules", "规则组"),
    "sweep": ("sweep", "全局"),
    "errors": ("Errors", "错误"),
    "reason": ("Reason", "原因"),
    "value": ("Value", "取值"),
    "source": ("Source", "来源"),
    "offset": ("Offset", "偏移"),
    "url": ("URL", "网址"),
    "size": ("Size", "大小"),
    "members": ("Members", "成员"),
    "clusters": ("Clusters", "簇"),
    "kept_one": ("Kept one", "保留的一份"),
    "text": ("Text", "文本"),
    "language": ("Language", "语言"),
    "domain": ("Domain", "域名"),
    "charset": ("Charset", "编码"),
    # rules
    "first": ("First", "最先"),
    "any": ("Any", "任一"),
    "only": ("Only this one", "仅此一条"),
    "undecided": ("Undecided", "未定"),
    "drops": ("Drops", "丢弃"),
    "rules_note": (
        "First: this rule was the first to drop the document. Any: it would drop it, whatever the others say. "
        "Only this one: no other rule of the group would. Undecided: the value is not known, so the document stays.",
        "最先：这条规则最先丢弃该文档。任一：不论其他规则，它都会丢弃。仅此一条：同组没有其他规则会丢弃。"
        "未定：取值未知，文档保留。",
    ),
    "funnel_note": (
        "Bars count documents, on one scale, after each step.",
        "每一步之后的文档数，所有条形使用同一比例。",
    ),
    "steps_note": (
        "MB/s: text in per CPU second; text out where a step makes the text.",
        "MB/s：每 CPU 秒处理的输入文本；由该步骤产生文本时按输出计。",
    ),
    # distributions
    "signals_note": (
        "Documents per value, kept and dropped stacked. Dashed lines are the thresholds of rules.",
        "各取值的文档数，保留与丢弃堆叠。虚线为规则的阈值。",
    ),
    "median": ("median", "中位数"),
    "other_values": ("all other values", "其余取值"),
    # samples
    "samples_note": (
        "Texts are cut; invisible characters are shown by name, such as",
        "文本有截断；不可见字符以名称显示，例如",
    ),
    "samples_dropped": ("Dropped, by rule", "丢弃的样本（按规则）"),
    "samples_kept": ("Kept", "保留的样本"),
    "near": ("Kept, near the threshold of", "保留，接近阈值："),
    "filter": ("Find in samples", "在样本中查找"),
    "no_text": ("empty text", "空文本"),
    # provenance
    "configuration": ("Configuration", "配置"),
    "versions": ("Versions", "版本"),
    "inputs": ("Inputs", "输入文件"),
    "version": ("Version", "版本"),
    "sha256": ("SHA-256", "SHA-256"),
    "offline": (
        "This page is one file: it loads nothing and sends nothing.",
        "本页为单个文件：不加载、不发送任何内容。",
    ),
}
