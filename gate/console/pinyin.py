"""Pinyin of the characters that the candidate's screen says, for a speech program without them.

Debian's espeak-ng 1.51 lacks most Chinese characters, and spells "Chinese letter" instead. It reads
pinyin with numbers for tones well. A character has one reading here: the one of these sentences.
"""

_READINGS = """
请qing3 将jiang1 身shen1 份fen4 证zheng4 放fang4 在zai4 读du2 卡ka3 区qu1 正zheng4 视shi4 摄she4
像xiang4 头tou2 入ru4 场chang3 考kao3 和he2 座zuo4 位wei4 看kan4 屏ping2 幕mu4 未wei4 到dao4 时shi2
间jian1 已yi3 停ting2 止zhi3 联lian2 系xi4 监jian1 员yuan2 您nin2 不bu4 参can1 加jia1 本ben3 试shi4
的de5 点dian3 这zhe4 里li3 查cha2 生sheng1 信xin4 息xi1 该gai1 件jian4 过guo4 期qi1 此ci3 可ke3
用yong4 于yu2 重chong2 新xin1 置zhi4 对dui4 逐zhu2 一yi1 通tong1 人ren2 脸lian3 比bi3 活huo2 体ti3
检jian3 测ce4 无wu2 准zhun3 相xiang4 片pian4 工gong1 核he2 验yan4 走zou3 道dao4 钟zhong1 校jiao4
确que4 认ren4 交jiao1 卷juan4 离li2 得de2 再zai4 次ci4 材cai2 料liao4 需xu1 行xing2 予yu3 设she4
备bei4 靠kao4 近jin4 些xie1 后hou4 退tui4 步bu4 抬tai2 保bao3 持chi2 动dong4 光guang1 线xian4 太tai4
暗an4 面mian4 向xiang4 亮liang4 处chu4 部bu4 曝bao4 度du4 避bi4 开kai1 阳yang2 或huo4 强qiang2
背bei4 要yao4 窗chuang1 户hu5 摘zhai1 下xia4 口kou3 罩zhao4 露lu4 出chu1 鼻bi2 帽mao4 子zi5 额e2
墨mo4 镜jing4 眼yan3 睛jing1 拨bo1 发fa4 整zheng3 张zhang1 慢man4 左zuo3 转zhuan3 直zhi2 提ti2
示shi4 变bian4 化hua4 右you4 自zi4 关guan1 闭bi4
"""

READINGS: dict[str, str] = {pair[0]: pair[1:] for pair in _READINGS.split()}
"""A character to its syllable with the tone, 1 to 5."""

_PAUSES = {"，": ",", "、": ",", "。": "."}


def pinyin(words: str) -> str:
    """The syllables of `words`, with their pauses. KeyError for a character that is not known."""
    return " ".join(_PAUSES.get(c) or READINGS[c] for c in words)
